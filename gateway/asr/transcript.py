"""The transcripts of all living calls: what workers hear, put under the call, the speaker and the call's clock. PURE.

A leg of a call may be heard by several taps one after another: a worker may be lost, the gateway started anew. Its
words are numbered on, and the seconds between two taps are a gap. A call's transcript is complete, once, when its line
is down and every tap has sent its last words, or when those did not come within ``flush_timeout`` seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.asr.leg_account import LegAccount, Missing
from gateway.asr.protocol import FromWorker, Heard, Leg, LegClosed, LegGap, LegOpened, LivingTap, Speaking
from gateway.events import (
    CallAnswered,
    CallEnded,
    CallHeld,
    CallOffered,
    CallResumed,
    Event,
    PartyJoined,
    PartyLeft,
    Speaker,
    TranscriptCompleted,
    TranscriptFinal,
    TranscriptGap,
    TranscriptPartial,
)

RESTARTED = "gateway_restarted"
FLUSH_TIMEOUT = "flush_timeout"


class _Call:
    def __init__(self, arrived: float) -> None:
        self.arrived = arrived
        self.legs: dict[tuple[Speaker, str], LegAccount] = {}
        self.joined: dict[tuple[Speaker, str], float] = {}
        self.spoken: dict[Speaker, int] = {}
        self.recalled: set[tuple[Speaker, float]] = set()
        """Utterances that the journal has already: a worker may say them again after a restart."""
        self.ended: float | None = None


class TranscriptBook:
    """Feed it taps, workers' messages, what happens to calls, and the time; it answers with events."""

    def __init__(self, flush_timeout: float) -> None:
        self._flush_timeout = flush_timeout
        self._calls: dict[str, _Call] = {}
        self._taps: dict[str, tuple[_Call, LegAccount]] = {}

    def open_tap(self, leg: Leg, tap_id: str, at: float) -> None:
        """The leg is about to be tapped; ``at``: since when it could be heard."""
        call = self._calls.setdefault(leg.call_id, _Call(leg.arrived))
        account = call.legs.get((leg.speaker, leg.agent))
        if account is None:
            account = call.legs[leg.speaker, leg.agent] = LegAccount(leg.call_id, leg.speaker, leg.agent, at)
            account.joined = call.joined.get((leg.speaker, leg.agent))
        account.expect(tap_id, at)
        self._taps[tap_id] = call, account

    def open_taps(self, call_id: str) -> list[str]:
        """The taps of a call that have not sent their last words."""
        call = self._calls.get(call_id)
        return [leg.tap_id for leg in call.legs.values() if leg.tap_id] if call is not None else []

    def knows(self, tap_id: str) -> bool:
        """The tap belongs to a call that is not complete."""
        return tap_id in self._taps

    def adopt(self, tap: LivingTap) -> None:
        """A worker has listened on while the gateway was away: nothing is missing."""
        self.open_tap(tap.leg, tap.tap_id, tap.opened)
        self._taps[tap.tap_id][1].adopted(tap.opened)

    def feed(self, message: FromWorker, now: float) -> list[Event]:
        """Take one message of a worker; taps of calls that are complete, or unknown, are passed over."""
        if not isinstance(message, LegOpened | Speaking | Heard | LegGap | LegClosed):
            return []
        call, account = self._taps.get(message.tap_id, (None, None))
        if call is None or account is None or account.tap_id != message.tap_id:
            return []
        match message:
            case LegOpened():
                missing = account.opened(message.at)
                return self._told(call, account, [missing] if missing is not None else [])
            case Speaking():
                account.speaking(message)
                return []
            case Heard():
                return self._heard(call, account, message)
            case LegGap():
                return self._told(call, account, account.lost((message.start, message.end, message.reason)))
        words = account.closed(message)
        events = self._heard(call, account, words) if words is not None else []
        return events + self._complete(account.call_id, now)

    def follow(self, event: Event, now: float) -> list[Event]:
        """What happens to the calls themselves: holds, people who leave, the end of the line."""
        match event:
            case CallOffered():
                self._calls.setdefault(event.call_id, _Call(event.at))
            case CallHeld() | CallResumed():
                for account in self._legs_of(event.call_id, event.by, event.agent):
                    account.parted(event.at) if isinstance(event, CallHeld) else account.together(event.at)
            case PartyLeft():
                party = event.party if event.kind == "agent" else ""
                for account in self._legs_of(event.call_id, "agent", party):
                    account.leaves(event.at)
            case PartyJoined():
                return self._joins(event)
            case CallEnded():
                call = self._calls.get(event.call_id)
                if call is None:
                    return [TranscriptCompleted(at=now, call_id=event.call_id, legs=(), share=None)]
                call.ended = event.at
                return self._complete(event.call_id, now)
        return []

    def restore(self, event: Event) -> None:
        """What the journal knows, in order: utterances of a living call are numbered on. Its legs are tapped anew."""
        match event:
            case CallOffered():
                self._calls[event.call_id] = _Call(event.at)
            case CallAnswered() if event.call_id in self._calls:
                self._recall_leg(event.call_id, "caller", "", event.at)
                self._recall_leg(event.call_id, "agent", event.agent, event.at)
            case PartyJoined() if event.call_id in self._calls:
                self._recall_leg(event.call_id, "agent", event.party if event.kind == "agent" else "", event.at)
            case TranscriptFinal() if event.call_id in self._calls:
                call = self._calls[event.call_id]
                call.spoken[event.speaker] = max(call.spoken.get(event.speaker, 0), int(event.utterance_id[1:]))
                call.recalled.add((event.speaker, round(event.start, 3)))
                self._recall_leg(event.call_id, event.speaker, event.agent, event.at).transcribed += (
                    event.end - event.start
                )
            case TranscriptGap() if event.call_id in self._calls:
                call = self._calls[event.call_id]
                account = self._recall_leg(event.call_id, event.speaker, event.agent, event.at)
                account.gaps.append((call.arrived + event.start, call.arrived + event.end))
            case CallHeld() | CallResumed() | PartyLeft():
                self.follow(event, event.at)
            case CallEnded() if event.call_id in self._calls:
                self._calls[event.call_id].ended = event.at
            case TranscriptCompleted():
                self._calls.pop(event.call_id, None)

    def restored(self, stopped: float) -> None:
        """The journal has been read; the gateway before this one heard until ``stopped``."""
        for call in self._calls.values():
            for account in call.legs.values():
                account.was_heard_until(stopped, RESTARTED)

    def tick(self, now: float) -> list[Event]:
        """Complete the calls whose last words did not come in time."""
        due = [i for i, c in self._calls.items() if c.ended is not None and c.ended + self._flush_timeout <= now]
        return [event for call_id in due for event in self._finish(call_id, now)]

    def next_deadline(self) -> float | None:
        """When ``tick`` has to be called next."""
        ended = [c.ended for c in self._calls.values() if c.ended is not None]
        return min(ended) + self._flush_timeout if ended else None

    def _joins(self, event: PartyJoined) -> list[Event]:
        """With the first who speaks with him the caller himself is in conversation."""
        call = self._calls.get(event.call_id)
        events: list[Event] = []
        if call is None:
            return events
        keys: list[tuple[Speaker, str]] = [("caller", ""), ("agent", event.party if event.kind == "agent" else "")]
        for key in keys:
            call.joined.setdefault(key, event.at)
            if key in call.legs:
                events += self._told(call, call.legs[key], call.legs[key].joins(event.at))
        return events

    def _recall_leg(self, call_id: str, speaker: Speaker, agent: str, at: float) -> LegAccount:
        legs = self._calls[call_id].legs
        return legs.setdefault((speaker, agent), LegAccount(call_id, speaker, agent, at))

    def _legs_of(self, call_id: str, side: Speaker, agent: str) -> list[LegAccount]:
        call = self._calls.get(call_id)
        legs = call.legs.values() if call is not None else ()
        return [leg for leg in legs if leg.speaker == side and (side == "caller" or leg.agent == agent)]

    def _heard(self, call: _Call, account: LegAccount, heard: Heard) -> list[Event]:
        if account.is_apart(heard.start) or (heard.final and self._is_recalled(call, account, heard)):
            withdrawn = account.utterance_id(heard.number)
            account.settled(heard.number)
            return [self._partial(call, account, heard, withdrawn, "")] if withdrawn else []
        utterance_id = account.utterance_id(heard.number)
        if not utterance_id:
            number = call.spoken[account.speaker] = call.spoken.get(account.speaker, 0) + 1
            utterance_id = account.name(heard.number, f"{account.speaker[0]}{number}")
        if not heard.final or not heard.text:  # an empty final takes back the interim words: it was no speech
            account.spoken_so_far(heard)
            return [self._partial(call, account, heard, utterance_id, heard.text)]
        account.said(heard)
        return [
            TranscriptFinal(
                at=heard.end,
                call_id=account.call_id,
                utterance_id=utterance_id,
                speaker=account.speaker,
                agent=account.agent,
                text=heard.text,
                start=heard.start - call.arrived,
                end=heard.end - call.arrived,
                confidence=heard.confidence,
                language=heard.language,
                engine=heard.engine,
                model=heard.model,
                raw=heard.raw,
                corrections=heard.corrections,
            )
        ]

    def _is_recalled(self, call: _Call, account: LegAccount, heard: Heard) -> bool:
        return (account.speaker, round(heard.start - call.arrived, 3)) in call.recalled

    def _partial(
        self, call: _Call, account: LegAccount, heard: Heard, utterance_id: str, text: str
    ) -> TranscriptPartial:
        return TranscriptPartial(
            at=heard.end,
            call_id=account.call_id,
            utterance_id=utterance_id,
            speaker=account.speaker,
            agent=account.agent,
            text=text,
            start=heard.start - call.arrived,
            end=heard.end - call.arrived,
        )

    def _told(self, call: _Call, account: LegAccount, missing: Sequence[Missing]) -> list[Event]:
        return [
            TranscriptGap(
                at=end,
                call_id=account.call_id,
                speaker=account.speaker,
                agent=account.agent,
                start=start - call.arrived,
                end=end - call.arrived,
                reason=reason,
            )
            for start, end, reason in missing
        ]

    def _complete(self, call_id: str, now: float) -> list[Event]:
        call = self._calls[call_id]
        if call.ended is None or any(leg.tap_id for leg in call.legs.values()):
            return []
        return self._finish(call_id, now)

    def _finish(self, call_id: str, now: float) -> list[Event]:
        """The last events of a call; it is forgotten with them."""
        call = self._calls.pop(call_id)
        ended = now if call.ended is None else call.ended
        gaps: list[Event] = []
        for account in call.legs.values():
            missing = account.finish(ended, FLUSH_TIMEOUT)
            gaps += self._told(call, account, [missing] if missing is not None else [])
        self._taps = {tap_id: known for tap_id, known in self._taps.items() if known[0] is not call}
        legs = tuple(account.seconds() for account in call.legs.values())
        expected = sum(leg.expected for leg in legs)
        share = sum(leg.heard for leg in legs) / expected if expected > 0 else None
        return [*gaps, TranscriptCompleted(at=now, call_id=call_id, legs=legs, share=share)]
