"""A whole hotline on one machine."""
