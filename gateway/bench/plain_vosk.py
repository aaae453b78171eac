"""The reference of ``hotline bench asr`` for Vosk: a plain recognition server, as one is usually written.

One recogniser a stream, all of its audio decoded in blocks as it comes, by a pool of as many threads as there are
cores; after each block the words so far, and Kaldi's own end of utterance gives the final ones. It speaks AudioSocket,
so that both get the same bytes.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import msgspec
from msgspec import Struct

from gateway.asr.audiosocket import Audio, FrameDecoder, Hangup, Identify
from gateway.bench.figures import parent_gone
from gateway.demo.voices import RATE

BLOCK = RATE // 5 * 2
"""Bytes of a block: 0.2 s."""


class PlainLine(Struct, frozen=True):
    """A line of the server's output. ``position``: seconds of the stream's samples; ``at``: Unix seconds.

    ``chunk``: decoded up to there. ``partial``: the words up to there have changed. ``final``: the word that ended
    there is final. ``end``: the stream is over, all of it decoded.
    """

    tap: str
    what: Literal["chunk", "partial", "final", "end"]
    position: float
    at: float


class PlainServer:
    """Prints what happened to each stream, a PlainLine in JSON each."""

    def __init__(self, folder: str) -> None:
        import vosk

        vosk.SetLogLevel(-1)
        self._model = vosk.Model(folder)
        self._new_recognizer = vosk.KaldiRecognizer
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hear one stream to its end."""
        recognizer = self._new_recognizer(self._model, RATE)
        recognizer.SetWords(True)
        frames, waiting, tap, done, shown, ended = FrameDecoder(), bytearray(), "", 0, "", False
        loop = asyncio.get_running_loop()
        while not ended and (data := await reader.read(8192)):
            for frame in frames.feed(data):
                if isinstance(frame, Identify):
                    tap = frame.uuid
                elif isinstance(frame, Audio):
                    waiting += frame.samples
                elif isinstance(frame, Hangup):
                    ended = True
            while len(waiting) >= BLOCK or (ended and waiting):
                block = bytes(waiting[:BLOCK])
                del waiting[:BLOCK]
                answer = json.loads(await loop.run_in_executor(self._pool, _decode, recognizer, block))
                done += len(block)
                position = done / 2 / RATE
                _tell(tap, "chunk", position)
                _tell_final(tap, answer)
                if (words := answer.get("partial", "")) and words != shown:
                    _tell(tap, "partial", position)
                shown = words
        _tell_final(tap, json.loads(await loop.run_in_executor(self._pool, recognizer.FinalResult)))
        _tell(tap, "end", done / 2 / RATE)
        writer.close()


def _decode(recognizer: Any, block: bytes) -> str:
    answer: str = recognizer.Result() if recognizer.AcceptWaveform(block) else recognizer.PartialResult()
    return answer


def _tell(tap: str, what: Literal["chunk", "partial", "final", "end"], position: float) -> None:
    print(msgspec.json.encode(PlainLine(tap, what, position, time.time())).decode(), flush=True)


def _tell_final(tap: str, answer: Any) -> None:
    # Each word, because Kaldi may take two lines and the pause between them for one utterance.
    for word in answer.get("result", ()):
        _tell(tap, "final", word["end"])


async def main() -> None:
    """Listen on a free loopback port, print it, and serve until the parent ends."""
    plain = PlainServer(sys.argv[1])
    server = await asyncio.start_server(plain.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await parent_gone()
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
