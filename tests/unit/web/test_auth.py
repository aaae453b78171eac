"""The guard against guessing passwords."""

from __future__ import annotations

import pytest

from gateway.web.auth import (
    ALPHABET,
    FREE_FAILURES,
    LONGEST_WAIT,
    MAX_TRACKED,
    Backoff,
    RefusedError,
    one_time_password,
)

KEY = ("wang", "127.0.0.1")


def failed(times: int, now: float = 0.0) -> Backoff:
    """A key that failed so often, each time as soon as it was let in."""
    backoff = Backoff()
    for _ in range(times):
        try:
            backoff.enter(KEY, now)
        except RefusedError as error:
            now += error.retry_after
            backoff.enter(KEY, now)
    return backoff


def test_the_first_failures_are_free_then_each_wait_is_twice_as_long() -> None:
    backoff, now, waits = failed(FREE_FAILURES), 0.0, []
    for _ in range(4):
        with pytest.raises(RefusedError) as refused:
            backoff.enter(KEY, now)
        assert refused.value.status == 429
        waits.append(refused.value.retry_after)
        now += refused.value.retry_after
        backoff.enter(KEY, now)
    assert waits == [1, 2, 4, 8]


def test_a_refused_try_does_not_lengthen_the_wait() -> None:
    backoff = failed(FREE_FAILURES)
    for _ in range(50):
        with pytest.raises(RefusedError):
            backoff.enter(KEY, 0.5)
    backoff.enter(KEY, 1.0)


def test_the_wait_has_a_limit_however_long_somebody_goes_on() -> None:
    backoff, now = Backoff(), 0.0
    for _ in range(1200):
        backoff.enter(KEY, now)
        now += LONGEST_WAIT
    with pytest.raises(RefusedError) as refused:
        backoff.enter(KEY, now - 1)
    assert refused.value.retry_after == 1


def test_success_and_a_long_rest_start_afresh() -> None:
    backoff = failed(FREE_FAILURES)
    backoff.succeeded(KEY)
    for _ in range(FREE_FAILURES):
        backoff.enter(KEY, 0.0)
    with pytest.raises(RefusedError):
        backoff.enter(KEY, 0.0)
    backoff.enter(KEY, 2 * LONGEST_WAIT + 1)
    backoff.enter(KEY, 2 * LONGEST_WAIT + 1)


def test_another_address_and_another_name_are_not_held_up() -> None:
    backoff = failed(FREE_FAILURES)
    backoff.enter(("wang", "127.0.0.2"), 0.0)
    backoff.enter(("li", "127.0.0.1"), 0.0)
    with pytest.raises(RefusedError):
        backoff.enter(KEY, 0.0)


def test_the_memory_is_bounded() -> None:
    backoff = failed(FREE_FAILURES)
    for n in range(MAX_TRACKED):
        backoff.enter((f"n{n}", ""), 0.0)
    backoff.enter(KEY, 0.0)


def test_one_time_passwords_differ_and_are_easy_to_copy() -> None:
    passwords = {one_time_password() for _ in range(100)}
    assert len(passwords) == 100
    assert all(set(password) <= {*ALPHABET, "-"} and len(password) == 19 for password in passwords)
