"""One number, many spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.answer_sla.caller_number import plain_number


@pytest.mark.parametrize(
    ("spelt", "plain"),
    [
        ("13900000001", "13900000001"),
        ("139-0000-0001", "13900000001"),
        ("139 0000 0001", "13900000001"),
        ("+8613900000001", "13900000001"),
        ("+86 139 0000 0001", "13900000001"),
        ("008613900000001", "13900000001"),
        ("8613900000001", "13900000001"),
        ("013900000001", "13900000001"),
        ("(010) 6500 0001", "01065000001"),
        ("+86 10 6500 0001", "01065000001"),
        ("008602165000001", "02165000001"),
        ("+86-571-8500-0001", "057185000001"),
        ("+864001234567", "4001234567"),
        ("4001234567", "4001234567"),
        ("02165000001", "02165000001"),
        ("65000001", "65000001"),
        ("8001", "8001"),
        ("0139000", "0139000"),
        ("+81312345678", "+81312345678"),
        ("visitor", "visitor"),
    ],
)
def test_spellings_of_one_number_are_one(spelt: str, plain: str) -> None:
    assert plain_number(spelt) == plain


@pytest.mark.parametrize("spelt", ["", "  ", "anonymous", "Anonymous", "<unknown>", "restricted", "-"])
def test_a_withheld_number_is_none(spelt: str) -> None:
    assert plain_number(spelt) == ""


@given(st.text(alphabet="0123456789+ -()", max_size=16))
def test_a_plain_number_stays_as_it_is(spelt: str) -> None:
    once = plain_number(spelt)
    assert plain_number(once) == once or once.startswith(("86", "0086", "+86"))


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", "0", "86", "+86", "0086", "+86 0"]))
def test_a_mobile_number_has_eleven_digits(number: str, prefix: str) -> None:
    assert plain_number(prefix + number) == number
