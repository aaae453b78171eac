"""Recordings, and which of them are transcribed after their call: a full machine's, or all by a second pass. PURE.

One at a time for each worker, while everything is transcribed live; a worker without the file passes it on.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from gateway.asr.protocol import RecordingClosed, Transcribe, Transcribed
from gateway.events import (
    CallOffered,
    Event,
    GatewayHealth,
    LanguageChosen,
    RecordingCompleted,
    TranscriptCompleted,
    TranscriptFinal,
    TranscriptRevised,
)

KEPT = 2000
"""Calls that may wait; of more the oldest are left untranscribed."""


class _Past(Struct):
    arrived: float
    files: list[RecordingCompleted]
    language: str = ""
    deferred: bool = False
    completed: bool = False
    asked: set[str] | None = None


class AfterCall:
    """``second_pass``: the model that transcribes every recorded call once more; empty: only deferred ones are."""

    def __init__(self, second_pass: str, language: str) -> None:
        self._second_pass = second_pass
        self._language = language
        self._calls: dict[str, _Past] = {}
        self._running: dict[str, str] = {}
        self._recording_well = True

    def follow(self, event: Event) -> None:
        """Take in what happens; said or recalled from the journal."""
        match event:
            case CallOffered():
                self._calls[event.call_id] = _Past(event.at, [])
            case TranscriptFinal() if event.call_id in self._calls:
                self._calls[event.call_id].language = event.language
            case LanguageChosen() if event.call_id in self._calls:
                self._calls[event.call_id].language = event.language
            case RecordingCompleted() if event.call_id in self._calls:
                self._calls[event.call_id].files.append(event)
            case TranscriptCompleted() if event.call_id in self._calls:
                call = self._calls[event.call_id]
                call.completed = True
                call.deferred = any(leg.deferred > 0 for leg in event.legs)
                if not event.legs or not (call.deferred or self._second_pass):
                    del self._calls[event.call_id]
            case TranscriptRevised():
                self._calls.pop(event.call_id, None)
            case _:
                return
        while len(self._calls) > KEPT:
            del self._calls[next(iter(self._calls))]

    def recorded(self, message: RecordingClosed, now: float) -> list[Event]:
        """A worker has finished a file, or the disk took none of it."""
        events: list[Event] = []
        if message.complete != self._recording_well:
            self._recording_well = message.complete
            status: Literal["ok", "degraded"] = "ok" if message.complete else "degraded"
            detail = "recordings are whole" if message.complete else "a recording ended early: see the worker's log"
            events.append(GatewayHealth(at=now, component="recording", status=status, detail=detail))
        if message.file:
            events.append(message.completed(now))
        return events

    def next_for(self, worker_id: str) -> Transcribe | None:
        """What an idle worker should do, if anything waits that it has not said it does not have."""
        if worker_id in self._running:
            return None
        for call_id, call in self._calls.items():
            if not call.completed or not call.files or call_id in self._running.values():
                continue
            if worker_id in (call.asked or ()):
                continue
            self._running[worker_id] = call_id
            files = sorted(call.files, key=lambda file: file.start)
            return Transcribe(
                call_id=call_id,
                files=tuple((file.file, call.arrived + file.start) for file in files),
                arrived=call.arrived,
                language=call.language or self._language,
                model=self._second_pass,
                remove=not any(file.kept for file in files),
            )
        return None

    def feed(self, worker_id: str, message: Transcribed, now: float) -> list[Event]:
        """A worker's answer."""
        self._running.pop(worker_id, None)
        call = self._calls.get(message.call_id)
        if call is None:
            return []
        if message.error:
            call.asked = (call.asked or set()) | {worker_id}
            return []
        return [
            TranscriptRevised(
                at=now,
                call_id=message.call_id,
                utterances=message.utterances,
                language=message.language,
                engine=message.engine,
                model=message.model,
                reason="deferred" if call.deferred else "second_pass",
            )
        ]

    def lose(self, worker_id: str) -> None:
        """The worker is gone; another may do what it was about."""
        self._running.pop(worker_id, None)
