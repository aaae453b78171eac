"""Legs whose sound is bad, in a real worker: what is said of them, that no words are made up, and that clocks hold."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import pytest_asyncio

from gateway.asr import audiosocket
from gateway.asr.audiosocket import FrameDecoder
from gateway.asr.evaluate import cer, read_wav
from gateway.asr.leg import MAX_UNSENT_BYTES, TICK_SECONDS, Lose, TappedLeg
from gateway.asr.protocol import ExpectTap, FromWorker, Leg, LegClosed, LegGap
from gateway.asr.recordings.recording import Recordings
from gateway.asr.running_ahead import MAX_AHEAD_SECONDS
from gateway.config import Recording
from gateway.demo.voices import Voices
from gateway.events import Finding
from tests.integration.speech import Core, Pbx, need_models, one_worker
from tests.sounds import Sound, hum, music, noise, samples, tones

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

SECONDS = 12.0
LINES = (
    "你好，我要投诉，门口的路灯坏了一个多星期了，晚上走路很不安全。",
    "请问你们什么时候可以派人来修？到现在没有人回复。",
)
NO_SPEECH: dict[str, tuple[Sound, Finding]] = {
    "silence": (noise(SECONDS, 0.0), "silence"),
    "an open line": (noise(SECONDS, 0.0005), "silence"),
    "noise": (noise(SECONDS, 0.05), "noise"),
    "hum": (hum(SECONDS), "noise"),
    "music": (music(SECONDS), "music"),
    "busy": (tones(SECONDS, 450.0, on=0.35, off=0.35), "tones"),
    "keys": (tones(SECONDS, 770.0, 1336.0, on=0.1, off=0.1), "tones"),
    "fax": (tones(SECONDS, 2100.0), "tones"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def core(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Core]:
    async with one_worker(tmp_path_factory.mktemp("recordings")) as (core, _):
        yield core


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def caller() -> bytes:
    """Two sentences at 8 kHz, 0.3 s of silence behind each."""
    voices = Voices(need_models("kokoro-82m"))
    spoken = [read_wav(await voices.line(line, "female"), 8000) for line in LINES]
    return b"".join(line + bytes(4800) for line in spoken)


def twice_as_many(spoken: bytes) -> bytes:
    """The same at twice the rate."""
    before = np.frombuffer(spoken, "<i2")
    return np.interp(np.arange(len(before) * 2) / 2, np.arange(len(before)), before).astype("<i2").tobytes()


def no_ear(language: str, rate: int, lose: Lose) -> NoReturn:
    """A leg that is recorded only has none."""
    raise AssertionError(f"an ear for {language} at {rate} Hz was asked for")


async def hear(
    core: Core, sound: bytes, rate: int = 8000, *, pace: float = 1.0, language: str = "zh"
) -> tuple[str, LegClosed]:
    """One leg with this sound, to its end: the tap, and what is said of it."""
    tap_id, address = await core.announce(language)
    leg = await Pbx.connect(address, tap_id)
    await leg.play(sound, rate, pace=pace)
    leg.hang_up()
    closed = await core.closed(tap_id)
    leg.close()
    return tap_id, closed


@pytest.mark.parametrize("language", ["zh", "ko"])
async def test_what_is_no_speech_is_named_and_brings_no_words(core: Core, language: str) -> None:
    legs = await asyncio.gather(*(hear(core, samples(sound), language=language) for sound, _ in NO_SPEECH.values()))
    found = {name: closed.findings for name, (_, closed) in zip(NO_SPEECH, legs, strict=True)}
    words = {name: core.finals(tap) for name, (tap, _) in zip(NO_SPEECH, legs, strict=True)}
    assert found == {name: (finding,) for name, (_, finding) in NO_SPEECH.items()}
    assert words == {name: [] for name in NO_SPEECH}


async def test_speech_has_no_finding_unless_it_is_clipped_and_is_heard_even_so(core: Core, caller: bytes) -> None:
    loud = np.frombuffer(caller, "<i2") / 32768
    clipped = samples(loud / np.abs(loud).max() * 4.0)
    (good_tap, good), (loud_tap, too_loud) = await asyncio.gather(hear(core, caller), hear(core, clipped))
    assert (good.findings, too_loud.findings) == ((), ("clipped",))
    assert cer("".join(LINES), "".join(each.text for each in core.finals(good_tap))) <= 0.3
    assert cer("".join(LINES), "".join(each.text for each in core.finals(loud_tap))) <= 0.4


async def test_speech_whose_rate_is_not_its_label_is_named(core: Core, caller: bytes) -> None:
    (_, fast), (_, slow) = await asyncio.gather(
        hear(core, caller * 2, 16000, language="ko"), hear(core, twice_as_many(caller)[: 16 * 16_000], language="ko")
    )
    assert fast.findings == ("wrong_rate",)
    assert slow.findings == ("wrong_rate",)


async def test_a_leg_that_never_sends_is_named(core: Core) -> None:
    tap_id, address = await core.announce("zh")
    leg = await Pbx.connect(address, tap_id)
    await asyncio.sleep(2.2)  # the silence is what is tested
    leg.hang_up()
    closed = await core.closed(tap_id)
    assert closed.findings == ("no_audio",)
    assert closed.lost == pytest.approx(closed.expected)
    assert core.finals(tap_id) == []


async def test_a_leg_twice_as_fast_is_named_and_its_clock_stays_the_walls(core: Core, caller: bytes) -> None:
    started = time.time()
    tap_id, closed = await hear(core, caller * 2, pace=2.0, language="ko")
    ended = time.time()
    assert closed.findings == ("too_fast",)
    assert closed.at <= ended + MAX_AHEAD_SECONDS
    assert closed.expected <= ended - started + MAX_AHEAD_SECONDS
    assert closed.heard + closed.lost == pytest.approx(closed.expected)
    gaps = [each for each in core.said if isinstance(each, LegGap) and each.tap_id == tap_id]
    assert {gap.reason for gap in gaps} == {"too_fast"}
    assert all(started <= gap.start < gap.end <= ended for gap in gaps)
    assert closed.lost == pytest.approx(sum(gap.end - gap.start for gap in gaps))
    assert 0.3 <= closed.lost / closed.expected <= 0.6
    assert all(each.end <= ended + MAX_AHEAD_SECONDS for each in core.finals(tap_id))


async def test_a_burst_behind_a_hold_up_costs_nothing(core: Core, caller: bytes) -> None:
    tap_id, address = await core.announce("ko")
    leg = await Pbx.connect(address, tap_id)
    await leg.play(caller[:48_000])
    await asyncio.sleep(1.5)  # the hold-up
    await leg.play(caller[48_000:72_000], pace=1000.0)
    await leg.play(caller[72_000:120_000])
    leg.hang_up()
    closed = await core.closed(tap_id)
    assert (closed.findings, closed.lost) == ((), 0.0)


async def test_a_leg_half_as_fast_is_named(core: Core, caller: bytes) -> None:
    _, closed = await hear(core, caller[:96_000], pace=0.5, language="ko")
    assert "too_slow" in closed.findings


async def test_a_peer_that_does_not_read_costs_no_memory_and_no_sound(tmp_path: Path) -> None:
    said: list[FromWorker] = []
    unsent: list[int] = []
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    order = ExpectTap(
        tap_id="6f1c4c1e-0000-4000-8000-000000000001",
        language="zh",
        leg=Leg(call_id="1", speaker="caller", arrived=time.time()),
        mode="recorded",
    )

    recordings = Recordings(tmp_path, Recording(min_free_mb=0), said.append, time.time)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        leg = TappedLeg(order, no_ear, recordings, said.append, time.time, 1.0)
        watching = asyncio.create_task(watch(writer))
        await leg.run(reader, writer, FrameDecoder(), iter(()))
        watching.cancel()
        over.set_result(None)

    async def watch(writer: asyncio.StreamWriter) -> None:
        while True:
            unsent.append(writer.transport.get_write_buffer_size())
            await asyncio.sleep(TICK_SECONDS)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    peer.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(peer, server.sockets[0].getsockname())
    sent = 0
    async with asyncio.timeout(20.0):
        while not unsent or unsent[-1] < MAX_UNSENT_BYTES or sent < 200:
            await loop.sock_sendall(peer, audiosocket.encode_audio(bytes(1920), 48000))
            sent += 1
            await asyncio.sleep(0.02)
        await loop.sock_sendall(peer, audiosocket.encode_hangup())
        await over
    peer.close()
    server.close()
    await recordings.close()
    assert MAX_UNSENT_BYTES <= max(unsent) < MAX_UNSENT_BYTES + 2000
    (closed,) = [each for each in said if isinstance(each, LegClosed)]
    assert (closed.reason, closed.lost) == ("hangup", 0.0)
    assert closed.deferred == pytest.approx(closed.expected, abs=1.0)
