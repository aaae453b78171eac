"""Real worker processes under a real hub, with a PBX's end of AudioSocket played frame by frame."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from gateway.asr import audiosocket, models
from gateway.asr.evaluate import cer
from gateway.asr.hub import WorkerState
from gateway.asr.local import LocalWorkers
from gateway.asr.protocol import CloseTap, ExpectTap, Heard, Leg, LegClosed, LegGap, LegOpened, Load
from tests.integration.speech import TOKEN, Core, Pbx, decode_directly, need_models, one_worker

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

CALLER = "你好，我要投诉，门口的路灯坏了一个多星期了，晚上走路很不安全。"
AGENT = "好的，我已经记录下来了，会转给城管部门处理。"
KOREAN = "안녕하세요 우리 동네 가로등이 고장 났어요 밤에 너무 어두워서 위험합니다 빨리 고쳐 주세요"
SPEECH_SECONDS = 0.5


@pytest.fixture(scope="module")
def speech() -> dict[str, bytes]:
    """8 kHz samples of a caller and an agent, by voice, with silence at both ends."""
    home = need_models("kokoro-82m")
    from gateway.tts import Voice

    voice = Voice(models.model_dir(home, "kokoro-82m"))
    silence = bytes(int(SPEECH_SECONDS * 8000) * 2)
    spoken = {"caller": voice.speak(CALLER, "jf_gongitsune"), "agent": voice.speak(AGENT, "jm_kumo")}
    spoken["korean"] = voice.speak(KOREAN, "jm_kumo")
    return {who: silence + samples.astype("<i2").tobytes() + silence for who, samples in spoken.items()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def core(speech: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Core]:
    """It ends with its gateway."""
    async with one_worker(tmp_path_factory.mktemp("recordings")) as (core, pid):
        yield core
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_both_legs_of_a_call_are_heard_while_they_are_spoken(core: Core, speech: dict[str, bytes]) -> None:
    engines = core.hub.engines()
    assert (engines["zh"].engine, engines["ko"].engine) == ("whisper", "vosk")
    taps = {who: await core.announce("zh") for who in ("caller", "agent")}
    legs = {who: await Pbx.connect(address, tap_id) for who, (tap_id, address) in taps.items()}
    await asyncio.gather(*(leg.say_and_hang_up(speech[who]) for who, leg in legs.items()))
    for who, text in (("caller", CALLER), ("agent", AGENT)):
        tap_id = taps[who][0]
        end = await core.closed(tap_id)
        finals = core.finals(tap_id)
        assert cer(text, "".join(f.text for f in finals)) <= 0.3
        assert any(isinstance(m, Heard) and not m.final and m.tap_id == tap_id for m in core.said)
        opened = next(m for m in core.said if isinstance(m, LegOpened) and m.tap_id == tap_id)
        seconds = len(speech[who]) / 16_000
        assert opened.at < finals[0].start < finals[-1].end <= end.at
        assert (end.reason, end.lost) == ("hangup", 0.0)
        assert end.expected == pytest.approx(seconds, abs=2.0)
        assert 0.0 < end.transcribed < seconds
        assert core.said.index(end) > core.said.index(finals[-1])


async def test_vosk_hears_live_what_it_hears_in_the_whole_leg(core: Core, speech: dict[str, bytes]) -> None:
    tap_id, address = await core.announce("ko")
    leg = await Pbx.connect(address, tap_id)
    await leg.play(speech["korean"])
    leg.hang_up()
    await core.closed(tap_id)
    live = " ".join(f.text for f in core.finals(tap_id))
    again = await decode_directly(core.settings.home(), "vosk-ko", "ko", speech["korean"])
    assert live != ""
    assert cer(again, live) <= 0.03


async def test_a_leg_without_audio_says_so_and_its_clock_goes_on(core: Core, speech: dict[str, bytes]) -> None:
    tap_id, address = await core.announce("zh")
    leg = await Pbx.connect(address, tap_id)
    await leg.play(speech["agent"])
    await asyncio.sleep(2.5)  # the stretch without audio is what is tested
    await leg.play(speech["agent"])
    leg.hang_up()
    end = await core.closed(tap_id)
    (gap,) = [m for m in core.said if isinstance(m, LegGap) and m.tap_id == tap_id]
    assert gap.reason == "no_audio"
    assert end.lost == pytest.approx(gap.end - gap.start)
    assert end.lost == pytest.approx(2.5, abs=0.6)
    assert end.heard + end.lost == pytest.approx(end.expected)
    first, *_, last = core.finals(tap_id)
    assert first.end < gap.start < gap.end < last.start


async def test_bad_connections_are_closed_and_counted_while_another_leg_goes_on(
    core: Core, speech: dict[str, bytes]
) -> None:
    tap_id, address = await core.announce("zh")
    good = await Pbx.connect(address, tap_id)
    playing = asyncio.create_task(good.play(speech["agent"]))

    unknown = await Pbx.connect(address, str(uuid.uuid4()))
    repeated = await Pbx.connect(address, tap_id)
    no_uuid = await Pbx.connect(address)
    no_uuid.writer.write(audiosocket.SILENCE)
    nonsense = await Pbx.connect(address)
    nonsense.writer.write(b"\x42\x00\x01x")
    bad_legs = {}
    for name, data in (
        ("oversized", b"\x10\xff\xfe"),
        ("unknown type", b"\x42\x00\x00"),
        ("truncated", audiosocket.SILENCE[:50]),
    ):
        bad_tap, _ = await core.announce("zh")
        bad_legs[bad_tap] = await Pbx.connect(address, bad_tap)
        bad_legs[bad_tap].writer.write(audiosocket.SILENCE + data)
        if name == "truncated":
            bad_legs[bad_tap].writer.write_eof()
    for pbx in (unknown, repeated, no_uuid, nonsense, *bad_legs.values()):
        assert await pbx.is_closed()
        pbx.close()
    for bad_tap in bad_legs:
        assert (await core.closed(bad_tap)).reason == "bad_frame"

    await playing
    good.hang_up()
    await core.closed(tap_id)
    assert cer(AGENT, "".join(f.text for f in core.finals(tap_id))) <= 0.3
    wanted = {"unknown": 1, "repeated": 1, "no_uuid": 1, "bad_frame": 4}
    await core.wait_until(lambda: any(isinstance(m, Load) and m.refused == wanted for m in core.said))


async def test_a_tap_that_never_connects_and_one_that_is_cancelled(core: Core) -> None:
    tap_id, address = await core.announce("zh")
    core.hub.tell(CloseTap(tap_id=tap_id))
    assert (await core.closed(tap_id)).reason == "cancelled"
    late = await Pbx.connect(address, tap_id)
    assert await late.is_closed()
    late.close()
    leg = Leg(call_id="call", speaker="caller", arrived=0.0)
    assert core.hub.expect(ExpectTap(tap_id=str(uuid.uuid4()), language="fr", leg=leg)) is None


async def test_the_core_closes_a_leg(core: Core, speech: dict[str, bytes]) -> None:
    tap_id, address = await core.announce("zh")
    leg = await Pbx.connect(address, tap_id)
    await leg.play(speech["agent"])
    core.hub.tell(CloseTap(tap_id=tap_id))
    assert await leg.is_closed()
    assert (await core.closed(tap_id)).reason == "closed"
    assert core.finals(tap_id) != []


async def test_while_the_core_is_away_the_tap_goes_on_and_its_words_come_later(
    core: Core, speech: dict[str, bytes]
) -> None:
    tap_id, address = await core.announce("zh")
    leg = await Pbx.connect(address, tap_id)
    await leg.play(speech["caller"][: len(speech["caller"]) // 4 * 2])
    await core.stop()
    await leg.play(speech["caller"][len(speech["caller"]) // 4 * 2 :])
    leg.hang_up()
    await core.start()
    end = await core.closed(tap_id)
    assert end.reason == "hangup"
    assert cer(CALLER, "".join(f.text for f in core.finals(tap_id))) <= 0.3


async def test_a_stranger_is_not_taken_for_a_worker(core: Core) -> None:
    url = f"http://127.0.0.1:{core.settings.web.port}/workers"
    async with aiohttp.ClientSession() as session:
        for header in ({}, {"Authorization": "Bearer wrong"}):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(url, headers=header)
            assert refused.value.status == 401


async def test_a_crashed_worker_is_replaced_and_its_legs_are_given_up(core: Core, speech: dict[str, bytes]) -> None:
    speech_settings = msgspec.structs.replace(core.settings.speech, language="ko", model="")
    settings = msgspec.structs.replace(core.settings, speech=speech_settings, queue=())
    workers = LocalWorkers(settings, TOKEN)
    running = asyncio.create_task(workers.run())

    def korean_only() -> list[WorkerState]:
        return [w for w in core.hub.workers() if w.connected and {e.language for e in w.engines} == {"ko"}]

    try:
        await core.wait_until(lambda: korean_only() != [])
        (new,) = korean_only()
        tap_id, address = await core.announce("ko")
        if address != new.audiosocket:  # equally loaded workers: the next tap goes to the other one
            tap_id, address = await core.announce("ko")
        assert address == new.audiosocket
        leg = await Pbx.connect(address, tap_id)
        await leg.play(speech["agent"][:48_000])
        (pid,) = workers.pids()
        os.kill(pid, signal.SIGKILL)
        end = await core.closed(tap_id)
        assert (end.reason, end.heard + end.lost) == ("worker_lost", pytest.approx(end.expected))
        assert end.expected > 0.0
        leg.close()
        await core.wait_until(lambda: korean_only() != [] and korean_only()[0].worker_id != new.worker_id)
        assert workers.restarts == 1
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_a_leg_with_no_audio_at_all_was_not_heard(core: Core) -> None:
    tap_id, address = await core.announce("zh")
    leg = await Pbx.connect(address, tap_id)
    await asyncio.sleep(2.2)  # the silence is what is tested
    leg.hang_up()
    end: LegClosed = await core.closed(tap_id)
    assert end.heard == pytest.approx(0.0, abs=0.01)
    assert end.lost == pytest.approx(end.expected)
