"""Vosk's recognisers, borrowed by a leg from its first word to its end.

A new recogniser takes half a second for its first sound, and decodes twice as fast once it has heard some: it keeps
the parts of the search graph it has seen. So each is made ahead of time, by a thread of its own, and has heard babble
before anybody speaks (at a gentle pace once there are legs, whose speech comes first); and the one given back last is
lent first. Within a leg Kaldi learns to know the speaker, which spares it errors from the second utterance on; what a
leg is heard to say does not depend on who used a recogniser before, as Kaldi forgets the speaker with every final
result. (The babble matters for that too: the very first sound orders the graph, and with it the choice between equal
paths.)

What it keeps is memory: 50 MB at first, 200 MB after two minutes of speech, and more for as long as it hears new words.
Each is given up after a life of its own length: all at once would make the memory a saw.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from itertools import count
from typing import Any

import vosk

from gateway.asr.engine_parts.babble import babble
from gateway.asr.engine_parts.memory import trim

SHORTEST_LIFE, LONGEST_LIFE = 200.0, 600.0
"""Seconds of sound that a recogniser hears before it is given up."""
GOLDEN = 0.618034
"""Multiples of it, without their whole parts, lie as far from one another as can be, however many there are."""
AT_START, SPARE = 6, 2
"""Recognisers made before the first call, and kept ready beyond those in use."""
WARM_SECONDS, URGENT_SECONDS = 4.0, 0.4
"""Babble that a recogniser hears; less when a leg waits for it."""
WARM_STEP_SECONDS = 0.2
REST = 4.0
"""Once legs are heard, the thread that warms spare ones rests so many times as long as it works."""
FORGET_SECONDS = 0.02
NICENESS = 5
"""Of that thread."""


class Kaldi:
    """One recogniser at ``rate``; ``seconds`` it has heard, which its word times count from.

    ``grammar``: see ``vosk_grammar``; its graph is small, so that such a one is made in a few milliseconds and needs no
    warming. ``era``: see ``KaldiPool.release``. ``life``: seconds of sound until it is given up.
    """

    def __init__(self, model: Any, rate: int, *, grammar: str = "", era: int = 0, life: float = LONGEST_LIFE) -> None:
        self.rate = rate
        self.era = era
        self.life = life
        self.seconds = 0.0
        self._recognizer: Any = vosk.KaldiRecognizer(model, rate, *([grammar] if grammar else []))
        self._recognizer.SetWords(True)

    def warm(self, seconds: float, rest: float = 0.0) -> None:
        """Hear so much babble. ``rest``: how many times as long as that takes is spent asleep in between."""
        sound = babble(self.rate, seconds)
        step = int(self.rate * WARM_STEP_SECONDS) * 2
        for i in range(0, len(sound), step):
            began = time.thread_time()
            self.accept(sound[i : i + step])
            time.sleep(rest * (time.thread_time() - began))
        self.final_result()

    def accept(self, samples: bytes) -> bool:
        """Decode 16-bit samples; True when Kaldi takes what it heard for a finished utterance."""
        self.seconds += len(samples) / 2 / self.rate
        return bool(self._recognizer.AcceptWaveform(samples))

    def result(self) -> str:
        """JSON of the finished utterance; what is learnt about the speaker stays."""
        answer: str = self._recognizer.Result()
        return answer

    def partial_result(self) -> str:
        """JSON of the words so far."""
        answer: str = self._recognizer.PartialResult()
        return answer

    def final_result(self) -> str:
        """JSON of all that was heard since the last result, and the speaker is forgotten."""
        answer: str = self._recognizer.FinalResult()
        return answer

    def forget_speaker(self) -> None:
        """What comes next is somebody else's. (A final result forgets only when something was heard before it.)"""
        self.accept(bytes(int(self.rate * FORGET_SECONDS) * 2))
        self.final_result()

    def close(self) -> None:
        """Free its memory."""
        self._recognizer = None


class KaldiPool:
    """The recognisers of one model for free speech. Its methods may be called in any thread."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._idle: dict[int, list[Kaldi]] = {}
        self._making: set[int] = set()
        self._lock = threading.Lock()
        self._era = 0
        self._numbers = count()

    def borrow(self, rate: int) -> Kaldi:
        """The recogniser that was used last, to be given back at the leg's end. Waits only when there is none."""
        with self._lock:
            idle = self._idle.get(rate)
            kaldi = idle.pop() if idle else None
        self.prepare(rate, SPARE, REST)
        if kaldi is None:
            kaldi = self._new(rate)
            kaldi.warm(URGENT_SECONDS)
            return kaldi
        kaldi.forget_speaker()
        return kaldi

    def give_back(self, kaldi: Kaldi) -> None:
        """Another leg may have it."""
        with self._lock:
            if self.keeps(kaldi):
                self._idle.setdefault(kaldi.rate, []).append(kaldi)
                return
        threading.Thread(target=_retire, args=([kaldi],), name="retired recogniser").start()

    def keeps(self, kaldi: Kaldi) -> bool:
        """False for one that is to be given back between two utterances, and will be given up."""
        return kaldi.era == self._era and kaldi.seconds < kaldi.life

    def prepare(self, rate: int, wanted: int = AT_START, rest: float = 0.0) -> None:
        """Have recognisers made until ``wanted`` are idle. Does not wait. ``rest``: see ``Kaldi.warm``."""
        with self._lock:
            if rate in self._making or len(self._idle.get(rate, ())) >= wanted:
                return
            self._making.add(rate)
        threading.Thread(target=self._make, args=(rate, wanted, rest), name="spare recognisers").start()

    def release(self) -> None:
        """Give up all recognisers: the idle ones now, those in use after their utterance. New spare ones follow."""
        with self._lock:
            idle, self._idle = self._idle, {}
            self._era += 1
        _retire([kaldi for kaldis in idle.values() for kaldi in kaldis])
        for rate in idle:
            self.prepare(rate, rest=REST)

    def idle(self, rate: int) -> int:
        """How many recognisers wait for a leg."""
        with self._lock:
            return len(self._idle.get(rate, ()))

    def _new(self, rate: int) -> Kaldi:
        share = next(self._numbers) * GOLDEN % 1.0
        return Kaldi(self._model, rate, era=self._era, life=SHORTEST_LIFE + share * (LONGEST_LIFE - SHORTEST_LIFE))

    def _make(self, rate: int, wanted: int, rest: float) -> None:
        with contextlib.suppress(AttributeError, OSError):  # only on Linux has a thread a niceness of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        try:
            while self.idle(rate) < wanted and threading.main_thread().is_alive():
                kaldi = self._new(rate)
                kaldi.warm(WARM_SECONDS, rest)
                self.give_back(kaldi)
        finally:
            with self._lock:
                self._making.discard(rate)


def _retire(kaldis: list[Kaldi]) -> None:
    for kaldi in kaldis:
        kaldi.close()
    trim()
