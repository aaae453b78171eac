"""The reference of ``hotline bench asr`` for Vosk: a plain recognition server, as one is usually written.

One recogniser a stream, all of its audio decoded in blocks as it comes, by a pool of threads; Kaldi's own end of
utterance gives the final words. It speaks AudioSocket, so that both get the same bytes.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import vosk

from gateway.asr.audiosocket import Audio, FrameDecoder, Hangup, Identify
from gateway.bench.figures import parent_gone
from gateway.demo.voices import RATE

BLOCK = RATE // 5 * 2
"""Bytes of a block: 0.2 s."""


class PlainServer:
    """Prints a JSON line for each final result: ``tap``, the words' ``end`` and ``at``, when they came, both in Unix
    seconds; ``end`` is null in the last line of a tap.
    """

    def __init__(self, folder: str) -> None:
        vosk.SetLogLevel(-1)
        self._model = vosk.Model(folder)
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hear one stream to its end."""
        recognizer = vosk.KaldiRecognizer(self._model, RATE)
        recognizer.SetWords(True)
        frames, waiting, tap, began = FrameDecoder(), bytearray(), "", 0.0
        loop = asyncio.get_running_loop()
        while data := await reader.read(8192):
            ended = False
            for frame in frames.feed(data):
                if isinstance(frame, Identify):
                    tap = frame.uuid
                elif isinstance(frame, Audio):
                    began = began or time.time() - frame.seconds
                    waiting += frame.samples
                elif isinstance(frame, Hangup):
                    ended = True
            while len(waiting) >= BLOCK or (ended and waiting):
                block = bytes(waiting[:BLOCK])
                del waiting[:BLOCK]
                if await loop.run_in_executor(self._pool, recognizer.AcceptWaveform, block):
                    self._tell(tap, began, recognizer.Result())
            if ended:
                break
        self._tell(tap, began, await loop.run_in_executor(self._pool, recognizer.FinalResult))
        print(json.dumps({"tap": tap, "end": None, "at": time.time()}), flush=True)
        writer.close()

    def _tell(self, tap: str, began: float, result: str) -> None:
        words = json.loads(result).get("result", [])
        if words:
            print(json.dumps({"tap": tap, "end": began + words[-1]["end"], "at": time.time()}), flush=True)


async def main() -> None:
    """Listen on a free loopback port, print it, and serve until the parent ends."""
    plain = PlainServer(sys.argv[1])
    server = await asyncio.start_server(plain.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await parent_gone()
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
