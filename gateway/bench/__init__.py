"""Measurements behind ``hotline bench``: each beside a named reference, in the same run, on the operator's machine."""
