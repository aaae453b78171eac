"""Whose number is it: one form for all the spellings a trunk may send of a telephone number in China. PURE."""

from __future__ import annotations

import re

_SEPARATORS = re.compile(r"[\s().\-–—－]+")
_MOBILE = re.compile(r"(?:(?:\+|00)?86)?0?(1[3-9][0-9]{9})")
_LANDLINE_FROM_ABROAD = re.compile(r"(?:\+|00)?86((?!400|800)(?:10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7})")
_NATIONAL_FROM_ABROAD = re.compile(r"(?:\+|00)86([0-9]{3,12})")
_WITHHELD = frozenset(("anonymous", "private", "restricted", "unavailable", "unknown", "<unknown>", "withheld"))


def plain_number(number: str) -> str:
    """The number without separators and country code 86; empty for one that is withheld.

    A mobile number has 11 digits (a 0 dialled before it is left out), a landline its area code with the 0. A number
    of another kind, such as an internal one or a foreign one, keeps its digits as they are.
    """
    compact = _SEPARATORS.sub("", number)
    if compact.lower() in _WITHHELD:
        return ""
    if mobile := _MOBILE.fullmatch(compact):
        return mobile[1]
    if landline := _LANDLINE_FROM_ABROAD.fullmatch(compact):
        return f"0{landline[1]}"
    national = _NATIONAL_FROM_ABROAD.fullmatch(compact)
    return national[1] if national else compact
