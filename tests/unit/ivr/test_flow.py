"""The survey, step by step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ProtocolError
from gateway.ivr.flow import (
    KEYS,
    TRANSITIONS,
    Done,
    HungUp,
    Input,
    Key,
    NoKey,
    Play,
    Played,
    State,
    Survey,
    WaitKey,
    What,
)

ASK = Play("survey-ask", KEYS)
INVALID = Play("survey-invalid", KEYS)
THANKS = Play("survey-thanks")
GOODBYE = Play("goodbye")
WAIT = WaitKey(6.0)


def walk(*inputs: Input) -> list[object]:
    survey = Survey(6.0)
    return [survey.step, *(survey.feed(happened) for happened in inputs)]


def test_a_caller_listens_and_rates() -> None:
    assert walk(Played(), Key("4"), Played()) == [ASK, WAIT, THANKS, Done(4)]


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "5"])
def test_a_key_during_the_question_counts(key: str) -> None:
    assert walk(Key(key), Played()) == [ASK, THANKS, Done(int(key))]


@pytest.mark.parametrize("wrong", [NoKey(), Key("0"), Key("9"), Key("*"), Key("#")])
def test_a_wrong_or_missing_key_is_asked_for_once_more(wrong: Input) -> None:
    assert walk(Played(), wrong, Played(), Played(), Key("5"), Played()) == [
        ASK,
        WAIT,
        INVALID,
        ASK,
        WAIT,
        THANKS,
        Done(5),
    ]
    assert walk(Played(), wrong, Played(), Played(), wrong, Played()) == [
        ASK,
        WAIT,
        INVALID,
        ASK,
        WAIT,
        GOODBYE,
        Done(None),
    ]


def test_a_key_during_the_refusal_counts() -> None:
    assert walk(Key("7"), Key("2"), Played()) == [ASK, INVALID, THANKS, Done(2)]
    assert walk(Key("7"), Key("7"), Played()) == [ASK, INVALID, GOODBYE, Done(None)]


def test_a_rating_outlives_the_line() -> None:
    assert walk(Key("3"), HungUp()) == [ASK, THANKS, Done(3)]
    assert walk(Played(), HungUp()) == [ASK, WAIT, Done(None)]


def test_what_cannot_happen_is_refused_without_the_key_in_the_text() -> None:
    survey = Survey(6.0)
    survey.feed(Key("3"))
    with pytest.raises(ProtocolError) as refused:
        survey.feed(Key("3"))
    assert "3" not in str(refused.value)
    assert survey.step == THANKS


def test_every_state_can_be_reached_and_left() -> None:
    assert set(TRANSITIONS.values()) | {State.PARTING} == set(State)
    assert {at for at, what in TRANSITIONS if what is not What.HUNG_UP} == set(State) - {State.OVER}


@given(st.lists(st.sampled_from([Played(), NoKey(), HungUp(), *map(Key, KEYS)]), max_size=12))
def test_any_caller_comes_to_an_end_and_at_most_one_rating(inputs: list[Input]) -> None:
    survey = Survey(6.0)
    for happened in inputs:
        try:
            survey.feed(happened)
        except ProtocolError:
            continue
    done = survey.feed(HungUp())
    assert isinstance(done, Done)
    assert done.score in (None, 1, 2, 3, 4, 5)
    assert survey.feed(HungUp()) == done
