"""Periods as people write them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from gateway.answer_sla.period import instant, span
from gateway.errors import InputError

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = 1_763_956_800.0
"""2025-11-24 12:00 in Shanghai."""


@pytest.mark.parametrize(
    "text",
    ["1763956800", "1763956800.0", "2025-11-24T12:00", "2025-11-24 12:00:00", "2025-11-24T04:00Z", "20251124T1200"],
)
def test_one_instant_in_many_spellings(text: str) -> None:
    assert instant("from", text, SHANGHAI) == NOON


@pytest.mark.parametrize("text", ["2025-11-24", "20251124"])
def test_a_date_is_its_midnight(text: str) -> None:
    assert instant("from", text, SHANGHAI) == NOON - 12 * 3600


@pytest.mark.parametrize("text", ["yesterday", "nan", "inf", "1e30", "-5", "2025-13-01", "12:00"])
def test_what_is_no_instant_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(InputError, match=r"^from: not an instant"):
        instant("from", text, SHANGHAI)


def test_a_period_that_is_not_given_is_today() -> None:
    midnight = NOON - 12 * 3600
    assert span("", "", NOON, SHANGHAI) == (midnight, midnight + 86400)
    assert span("2025-11-20", "", NOON, SHANGHAI) == (midnight - 4 * 86400, midnight + 86400)


def test_a_period_ends_after_it_begins() -> None:
    with pytest.raises(InputError, match=r"^to: not later than from"):
        span("2025-11-24", "2025-11-24", NOON, SHANGHAI)
