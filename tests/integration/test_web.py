"""The real server on a loopback port, real accounts in SQLite, and a real HTTP and WebSocket client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
import pytest
from yarl import URL

from gateway.errors import InputError, SettingError
from gateway.events import (
    AgentStateChanged,
    AlertEnded,
    AlertRaised,
    CallEnded,
    Clocks,
    TranscriptFinal,
    TranscriptPartial,
)
from gateway.views import SpeechEngine, page_data
from gateway.web import live as live_module
from gateway.web import topic as topic_module
from gateway.web.auth import change_password, create_account
from gateway.web.server import run
from tests.integration.house import PASSWORD, T0, House, house_in, serving

HEADERS = {"X-Requested-With": "hotline"}

Browser = aiohttp.ClientSession
Page = aiohttp.ClientWebSocketResponse


async def login(browser: Browser, name: str, password: str = PASSWORD) -> aiohttp.ClientResponse:
    return await browser.post("/api/login", json={"name": name, "password": password})


async def open_page(browser: Browser, house: House, view: str) -> Page:
    return await browser.ws_connect("/ws", params={"view": view}, origin=house.url, max_msg_size=0)


@pytest.fixture
async def house(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    async with house_in(tmp_path, getattr(request, "param", 12.0)) as made:
        yield made


@pytest.fixture
async def server(house: House) -> AsyncIterator[asyncio.Task[None]]:
    async with serving(house) as task:
        yield task


@pytest.fixture
async def browser(house: House, server: asyncio.Task[None]) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession(house.url, headers=HEADERS, cookie_jar=aiohttp.CookieJar(unsafe=True)) as opened:
        yield opened


async def error(response: aiohttp.ClientResponse) -> tuple[int, str]:
    answer = await response.json()
    assert list(answer) == ["error"]
    return response.status, answer["error"]


def apply(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2, as a page does it."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = apply(result.get(name), value)
    return result


def as_json(view: msgspec.Struct) -> Any:
    return msgspec.json.decode(msgspec.json.encode(page_data(view)))


# --- who is there ------------------------------------------------------------------------------------------------


async def test_login_me_logout(browser: Browser, house: House) -> None:
    config = await (await browser.get("/api/config")).json()
    assert (config["hotline_name"], config["timezone"]) == (house.settings.hotline_name, "Asia/Shanghai")
    assert await error(await browser.get("/api/me")) == (401, "Nobody is logged in. Log in first")
    response = await login(browser, "wang")
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Max-Age=43200" in cookie
    assert await response.json() == {"name": "wang", "role": "agent", "agent": "1001"}
    assert await (await browser.get("/api/me")).json() == {"name": "wang", "role": "agent", "agent": "1001"}
    assert (await browser.post("/api/logout")).status == 200
    assert (await browser.get("/api/me")).status == 401


async def test_a_wrong_password_and_an_unknown_name_sound_the_same(browser: Browser) -> None:
    wrong = await error(await login(browser, "wang", "something else"))
    unknown = await error(await login(browser, "nobody", "something else"))
    assert wrong == unknown == (401, "Name or password is wrong")


async def test_guessing_is_slowed_down_even_for_the_right_password(browser: Browser) -> None:
    for _ in range(3):
        assert (await login(browser, "wang", "wrong")).status == 401
    response = await login(browser, "wang")
    assert response.headers["Retry-After"] == "1"
    assert await error(response) == (429, "Too many failed logins for this name. Try again in 1 s")
    assert (await login(browser, "boss")).status == 200, "others are not held up"


async def test_many_guesses_at_once_gain_nothing(browser: Browser) -> None:
    answers = await asyncio.gather(*(login(browser, "wang", "wrong") for _ in range(12)))
    assert sorted(answer.status for answer in answers) == [401] * 3 + [429] * 9


async def test_forged_requests_are_refused(browser: Browser, house: House) -> None:
    await login(browser, "wang")
    foreign = await browser.post("/api/logout", headers={"Origin": "http://evil.example"})
    assert (await error(foreign))[0] == 403
    plain = await browser.post("/api/logout", headers={"X-Requested-With": "XMLHttpRequest"})
    assert (await error(plain))[0] == 403
    assert (await browser.get("/api/me")).status == 200, "still logged in"
    ours = await browser.post("/api/logout", headers={"Origin": house.url})
    assert ours.status == 200


@pytest.mark.parametrize("house", [1e-9], indirect=True)
async def test_a_session_expires(browser: Browser) -> None:
    assert (await login(browser, "wang")).status == 200
    assert (await browser.get("/api/me")).status == 401


async def test_another_password_ends_the_session(browser: Browser, house: House) -> None:
    await login(browser, "wang")
    await change_password(house.accounts, "wang", "quite another one")
    assert (await browser.get("/api/me")).status == 401
    assert (await login(browser, "wang", "quite another one")).status == 200


async def test_unfit_accounts_are_refused(house: House) -> None:
    for name, role, agent, password in (
        ("", "agent", "1002", PASSWORD),
        ("li", "king", "1002", PASSWORD),
        ("li", "agent", "", PASSWORD),
        ("li", "agent", "1002", "short"),
        ("wang", "agent", "1002", PASSWORD),
    ):
        with pytest.raises(InputError):
            await create_account(house.accounts, name, role, agent, password)
    assert [account.name for account in await house.accounts.list()] == ["boss", "root", "wang"]


async def test_unreadable_and_oversized_bodies(browser: Browser) -> None:
    status, sentence = await error(await browser.post("/api/login", data=b"{"))
    assert (status, sentence.split(":")[0]) == (400, "The request's body is not as agreed")
    assert (await error(await browser.post("/api/login", json={"name": "wang"})))[0] == 400
    assert (await error(await browser.post("/api/login", data=b" " * 70_000)))[0] == 413
    assert (await error(await browser.get("/api/nothing")))[0] == 404
    assert (await error(await browser.delete("/api/login")))[0] == 405


# --- tickets -----------------------------------------------------------------------------------------------------


async def test_an_agent_edits_and_submits_the_ticket_on_his_desk(browser: Browser, house: House) -> None:
    await login(browser, "wang")
    edit: dict[str, Any] = {"json": {"fields": {"title": "路灯不亮"}}}
    assert (await error(await browser.patch("/api/tickets/c1", **edit)))[0] == 404
    house.offer()
    assert await error(await browser.patch("/api/tickets/c1", **edit)) == (409, "The call is not answered yet")
    house.answer()
    assert (await error(await browser.patch("/api/tickets/c1", **edit)))[0] == 409, "no draft yet"
    house.draft()
    assert (await browser.patch("/api/tickets/c1", **edit)).status == 200
    assert house.live.desk("1001").ticket["title"].value == "路灯不亮"
    refused = await browser.patch("/api/tickets/c1", json={"fields": {"no_such_field": "x"}})
    assert await error(refused) == (400, "There is no field of this name")
    assert (await browser.patch("/api/tickets/c1", json={"fields": {}})).status == 400
    assert (await browser.post("/api/tickets/c1/submit")).status == 200
    assert await error(await browser.post("/api/tickets/c1/submit")) == (409, "The ticket was submitted already")


async def test_nobody_else_touches_the_ticket_but_an_administrator(browser: Browser, house: House) -> None:
    house.offer("1002")
    house.answer("1002")
    house.draft()
    edit: dict[str, Any] = {"json": {"fields": {"title": "路灯不亮"}}}
    await login(browser, "wang")
    assert await error(await browser.patch("/api/tickets/c1", **edit)) == (403, "This call is on another agent's desk")
    await login(browser, "boss")
    assert (await error(await browser.patch("/api/tickets/c1", **edit)))[0] == 403
    await login(browser, "root")
    assert (await browser.patch("/api/tickets/c1", **edit)).status == 200


# --- languages ---------------------------------------------------------------------------------------------------


async def test_an_agent_chooses_the_language_of_the_call_on_his_desk_while_it_lasts(
    browser: Browser, house: House
) -> None:
    path, korean = "/api/calls/c1/language", {"language": "ko"}
    assert (await error(await browser.post(path, json=korean)))[0] == 401
    await login(browser, "wang")
    assert await error(await browser.post(path, json=korean)) == (404, "This call is on no desk")
    house.offer()
    house.answer()
    assert house.live.desk("1001").call.language == "zh"
    assert (await browser.post(path, json=korean)).status == 200
    assert house.live.desk("1001").call.language == "ko"
    assert await error(await browser.post(path, json={"language": "fr"})) == (
        400,
        "language fr is not transcribed here",
    )
    assert (await error(await browser.post(path, json={"language": ""})))[0] == 400
    house.end()
    assert await error(await browser.post(path, json=korean)) == (409, "The call is over")


async def test_of_others_calls_supervisors_choose_the_language_and_agents_do_not(
    browser: Browser, house: House
) -> None:
    path, korean = "/api/calls/c1/language", {"language": "ko"}
    house.offer("1002")
    house.answer("1002")
    await login(browser, "wang")
    assert await error(await browser.post(path, json=korean)) == (403, "This call is on another agent's desk")
    await login(browser, "boss")
    assert (await browser.post(path, json=korean)).status == 200
    assert house.live.desk("1002").call.language == "ko"
    assert await error(await browser.post("/api/calls/c9/language", json=korean)) == (404, "There is no such call")


# --- alerts ------------------------------------------------------------------------------------------------------


async def test_a_supervisor_acknowledges_an_alert_once_while_it_is_open(browser: Browser, house: House) -> None:
    alert_id = "ami_lost:ami:北区/1:1764000000000000"
    path = f"/api/alerts/{quote(alert_id, safe='')}/acknowledge"
    assert (await error(await browser.post(path)))[0] == 401
    await login(browser, "wang")
    assert (await error(await browser.post(path)))[0] == 403, "an agent does not"
    await login(browser, "boss")
    assert await error(await browser.post(path)) == (404, "There is no such alert, or it is over")
    house.live.publish(
        AlertRaised(at=T0, alert_id=alert_id, kind="ami_lost", severity="critical", component="ami:北区/1"), T0
    )
    page = await open_page(browser, house, "wallboard")
    assert (await page.receive_json())["data"]["alerts"][alert_id]["severity"] == "critical"
    assert (await browser.post(path)).status == 200
    assert (await page.receive_json())["patch"]["alerts"] == {alert_id: {"acknowledged_by": "boss"}}
    await page.close()
    await login(browser, "root")
    assert await error(await browser.post(path)) == (409, "boss has acknowledged this alert already")
    house.live.publish(AlertEnded(at=T0 + 9, alert_id=alert_id, kind="ami_lost", seconds=9.0), T0 + 9)
    assert (await error(await browser.post(path)))[0] == 404


# --- live pages --------------------------------------------------------------------------------------------------


async def refused(browser: Browser, view: str, origin: str) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await browser.ws_connect("/ws", params={"view": view}, origin=origin)
    return caught.value.status


async def test_live_pages_need_login_origin_and_role(browser: Browser, house: House) -> None:
    assert await refused(browser, "desk", house.url) == 401
    await login(browser, "wang")
    assert await refused(browser, "desk", "http://evil.example") == 403
    assert await refused(browser, "nothing", house.url) == 400
    await login(browser, "boss")
    assert await refused(browser, "desk", house.url) == 403


async def test_a_snapshot_then_numbered_deltas_that_add_up(browser: Browser, house: House) -> None:
    house.offer()
    await login(browser, "wang")
    page = await open_page(browser, house, "desk")
    first = await page.receive_json()
    assert (first["kind"], first["view"]) == ("snapshot", "desk")
    data, seq = first["data"], first["seq"]
    assert (data["call"]["state"], data["agent"]["name"]) == ("ringing", "王敏")

    async def next_delta() -> None:
        nonlocal data, seq
        delta = await page.receive_json()
        assert (delta["kind"], delta["seq"]) == ("delta", seq + 1)
        data, seq = apply(data, delta["patch"]), delta["seq"]
        assert data == as_json(house.live.desk("1001"))

    house.answer()
    await next_delta()
    assert data["call"]["state"] == "talking"
    house.now += 1
    words: dict[str, Any] = {"at": T0, "call_id": "c1", "utterance_id": "u1", "speaker": "caller"}
    house.live.publish(TranscriptPartial(**words, text="路", start=8.0, end=8.2), T0 + 8)
    model: dict[str, Any] = {"language": "zh", "engine": "vosk", "model": "small"}
    house.live.publish(TranscriptFinal(**words, text="路灯", start=8.0, end=8.5, **model), T0 + 8)
    await next_delta()
    assert data["transcript"]["u1"]["text"] == "路灯", "changes close together go out as one"
    house.live.set_engines([SpeechEngine(language="zh", engine="vosk", model="small", reason="preferred")])
    await next_delta()
    house.draft()
    await next_delta()
    await browser.post("/api/tickets/c1/submit")
    await next_delta()
    assert data["ticket_submitted"] is True
    ended = CallEnded(at=T0 + 60, call_id="c1", hung_up_by="caller", clocks=Clocks(arrived=T0))
    house.live.publish(ended, ended.at)
    await next_delta()
    assert "call" not in data
    await page.close()


async def test_two_pages_share_one_sequence_and_a_page_may_resync(browser: Browser, house: House) -> None:
    await login(browser, "boss")
    one = await open_page(browser, house, "wallboard")
    assert (await one.receive_json())["data"]["waiting"] == {}
    house.offer()
    delta = await one.receive_json()
    two = await open_page(browser, house, "wallboard")
    late = await two.receive_json()
    assert (late["kind"], late["seq"], list(late["data"]["waiting"])) == ("snapshot", delta["seq"], ["c1"])
    house.live.publish(AgentStateChanged(at=T0, agent="1001", state="ringing"), T0)
    deltas = [await one.receive_json(), await two.receive_json()]
    assert deltas[0] == deltas[1]
    assert deltas[0]["seq"] == delta["seq"] + 1
    await one.send_json({"kind": "resync"})
    again = await one.receive_json()
    assert (again["kind"], again["seq"]) == ("snapshot", deltas[0]["seq"])
    assert again["data"]["agents"]["1001"]["state"] == "ringing"
    await one.close()
    await two.close()


async def test_agents_see_the_wallboard_without_the_callers(browser: Browser, house: House) -> None:
    house.offer("1002")
    await login(browser, "wang")
    page = await open_page(browser, house, "wallboard")
    assert (await page.receive_json())["data"]["waiting"]["c1"]["caller_number"] == "139****0000"
    house.answer("1002")
    delta = await page.receive_json()
    assert delta["patch"]["talking"]["c1"]["caller_number"] == "139****0000"
    await page.close()
    await login(browser, "boss")
    page = await open_page(browser, house, "wallboard")
    assert (await page.receive_json())["data"]["talking"]["c1"]["caller_number"] == "13900000000"
    await page.close()


async def close_code(page: Page) -> int | None:
    async for _ in page:
        pass
    return page.close_code


async def test_what_a_page_may_not_say_closes_it_with_a_reason(browser: Browser, house: House) -> None:
    await login(browser, "wang")
    page = await open_page(browser, house, "desk")
    await page.send_str("{not json")
    assert await close_code(page) == 1007
    page = await open_page(browser, house, "desk")
    await page.send_bytes(b"\x00")
    assert await close_code(page) == 1003
    page = await open_page(browser, house, "desk")
    await page.send_str("x" * 5000)
    assert await close_code(page) == 1009


async def test_logging_out_closes_the_pages(browser: Browser, house: House) -> None:
    await login(browser, "wang")
    page = await open_page(browser, house, "desk")
    await browser.post("/api/logout")
    assert await close_code(page) == 4401


@pytest.mark.parametrize("house", [2 / 3600], indirect=True)
async def test_a_session_that_expires_closes_the_pages(browser: Browser, house: House) -> None:
    await login(browser, "wang")
    page = await open_page(browser, house, "desk")
    assert await close_code(page) == 4401


async def test_pages_hear_that_the_gateway_stops(browser: Browser, house: House, server: asyncio.Task[None]) -> None:
    await login(browser, "wang")
    page = await open_page(browser, house, "desk")
    assert (await page.receive_json())["kind"] == "snapshot"
    server.cancel()
    assert await close_code(page) == 1001


async def test_a_slow_page_is_dropped_and_the_others_go_on(
    browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_module, "MAX_QUEUED", 4)
    monkeypatch.setattr(live_module, "COALESCE", 0.001)
    monkeypatch.setattr(live_module, "CLOSE_TIMEOUT", 30.0)
    house.offer()
    house.answer()
    await login(browser, "wang")
    slow = await open_page(browser, house, "desk")
    fast = await open_page(browser, house, "desk")
    assert (await fast.receive_json())["kind"] == "snapshot"
    size = 1_000_000
    for n in range(40):
        said = str(n % 10) * size
        house.live.publish(
            TranscriptPartial(
                at=T0, call_id="c1", utterance_id="u1", speaker="caller", text=said, start=8.0, end=9.0 + n
            ),
            T0 + n,
        )
        assert (await fast.receive_json())["patch"]["transcript"]["u1"]["end"] == 9.0 + n
    assert await close_code(slow) == 1013
    again = await open_page(browser, house, "desk")
    assert (await again.receive_json())["data"]["transcript"]["u1"]["end"] == 48.0, "it starts from a snapshot"
    await again.close()
    await fast.close()


# --- files, health, figures --------------------------------------------------------------------------------------


async def test_the_built_pages_are_served_and_nothing_beside_them(browser: Browser, house: House) -> None:
    missing = await browser.get("/")
    assert missing.status == 503
    assert "not built" in await missing.text()
    (house.ui / "assets").mkdir(parents=True)
    (house.ui / "index.html").write_text("<!doctype html><title>hotline</title>", encoding="utf-8")
    (house.ui / "assets" / "app-3f2a.js").write_text("export {}", encoding="utf-8")
    for path in ("/", "/wallboard", "/calls/c1"):
        response = await browser.get(path)
        assert (response.status, response.headers["Cache-Control"]) == (200, "no-cache")
        assert "<title>hotline" in await response.text()
        assert "script-src 'self';" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    script = await browser.get("/assets/app-3f2a.js")
    assert script.content_type in ("text/javascript", "application/javascript")
    assert "immutable" in script.headers["Cache-Control"]
    assert (await browser.get("/assets/gone-1.js")).status == 404
    for path in ("/..%2fjournal.db", "/%2e%2e/journal.db", "/..%2f..%2fetc%2fpasswd", "//etc/passwd", "/a%00b"):
        outside = await browser.get(URL(house.url + path, encoded=True))
        assert "<title>hotline" in await outside.text() or outside.status == 404
        assert b"SQLite" not in await outside.read()
        assert b"root:" not in await outside.read()


async def test_health_is_503_only_without_a_core(browser: Browser, house: House) -> None:
    response = await browser.get("/healthz")
    assert (response.status, await response.json()) == (200, {"status": "ok", "parts": {"core": "ok", "ami": "ok"}})
    house.parts["ami"] = "lost"
    response = await browser.get("/healthz")
    assert (response.status, (await response.json())["status"]) == (200, "degraded")
    house.parts["core"] = "lost"
    response = await browser.get("/healthz")
    assert (response.status, (await response.json())["status"]) == (503, "lost")


async def test_metrics_are_for_this_machine_or_a_supervisor(browser: Browser) -> None:
    local = await browser.get("/metrics")
    assert local.status == 200
    assert "hotline_calls_offered_total" in await local.text()
    through_a_proxy = {"X-Forwarded-For": "10.0.0.7"}
    assert (await browser.get("/metrics", headers=through_a_proxy)).status == 401
    await login(browser, "wang")
    assert (await browser.get("/metrics", headers=through_a_proxy)).status == 403
    await login(browser, "boss")
    assert (await browser.get("/metrics", headers=through_a_proxy)).status == 200


async def test_workers_are_handed_on(browser: Browser) -> None:
    response = await browser.get("/workers")
    assert (response.status, await response.text()) == (401, "a token, please")


async def test_a_taken_port_is_one_clear_line(house: House, server: asyncio.Task[None]) -> None:
    with pytest.raises(SettingError) as caught:
        await run(house.app(), "127.0.0.1", house.port)
    assert str(caught.value) == (
        f"web.port: port {house.port} on 127.0.0.1 is in use by another program. "
        "Stop the other program, or choose another port with HOTLINE_WEB_PORT"
    )
