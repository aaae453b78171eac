"""What is posted, signed as each receiver checks it, and what its answer means."""

from __future__ import annotations

import base64
import hashlib
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.bus.cloudevents import parse
from gateway.config import Webhook
from gateway.events import AlertAcknowledged, AlertEnded, AlertEscalated, AlertRaised
from gateway.notify.formats import MAX_TEXT, Message, event_id, fitting, judge, post

NOW = 1_764_000_000.25
RAISED = AlertRaised(at=NOW, alert_id="ami_lost:ami:1764000000000000", kind="ami_lost", severity="critical")


def hmac_sha256(key: bytes, text: bytes) -> bytes:
    """RFC 2104 by hand, so that a test does not repeat the code it tests."""
    padded = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + text).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()


def hook(kind: str, secret: str = "s3cret", url: str = "https://example.invalid/send?key=k") -> Webhook:
    return Webhook(name="w", url=url, format=kind, secret=secret)  # type: ignore[arg-type]


def messages(*lines: str) -> list[Message]:
    return [Message(RAISED, line) for line in lines]


def test_json_is_the_event_in_its_envelope_with_a_signature_that_ages() -> None:
    url, headers, body = post(hook("json"), messages("x"), "head", NOW)
    assert url == "https://example.invalid/send?key=k"
    event = parse(body)
    assert (event.data, event.id, event.type) == (RAISED, f"{RAISED.alert_id}:raised", "hotline.alert.raised.v1")
    assert headers["Content-Type"].startswith("application/cloudevents+json")
    assert headers["X-Hotline-Timestamp"] == "1764000000"
    assert headers["X-Hotline-Signature"] == "sha256=" + hmac_sha256(b"s3cret", b"1764000000." + body).hex()
    assert "X-Hotline-Signature" not in post(hook("json", ""), messages("x"), "head", NOW).headers


def test_wecom_is_text_whose_secret_is_in_the_address() -> None:
    url, _, body = post(hook("wecom"), messages("一", "二"), "热线 告警", NOW)
    assert url == "https://example.invalid/send?key=k"
    assert json.loads(body) == {"msgtype": "text", "text": {"content": "热线 告警\n一\n二"}}


def test_dingtalk_signs_in_the_address() -> None:
    url, _, body = post(hook("dingtalk"), messages("一"), "热线 告警", NOW)
    asked = parse_qs(urlsplit(url).query)
    assert (asked["key"], asked["timestamp"]) == (["k"], ["1764000000250"])
    assert base64.b64decode(asked["sign"][0]) == hmac_sha256(b"s3cret", b"1764000000250\ns3cret")
    assert json.loads(body) == {"msgtype": "text", "text": {"content": "热线 告警\n一"}}
    assert post(hook("dingtalk", ""), messages("一"), "", NOW).url == "https://example.invalid/send?key=k"
    plain = post(hook("dingtalk", url="https://example.invalid/send"), messages("一"), "", NOW).url
    assert plain.startswith("https://example.invalid/send?timestamp=")


def test_feishu_signs_nothing_under_timestamp_and_secret() -> None:
    url, _, body = post(hook("feishu"), messages("一"), "热线 告警", NOW)
    assert url == "https://example.invalid/send?key=k"
    said = json.loads(body)
    assert (said["msg_type"], said["content"], said["timestamp"]) == ("text", {"text": "热线 告警\n一"}, "1764000000")
    assert base64.b64decode(said["sign"]) == hmac_sha256(b"1764000000\ns3cret", b"")
    assert "sign" not in json.loads(post(hook("feishu", ""), messages("一"), "", NOW).body)


def test_a_robot_gets_as_many_lines_as_fit_and_a_program_one_event() -> None:
    assert fitting(hook("json"), messages("一", "二"), "head") == 1
    assert fitting(hook("wecom"), messages("一", "二"), "head") == 2
    many = messages(*["政务服务热线：来电超过 15 秒未接"] * 100)
    number = fitting(hook("wecom"), many, "head")
    text = json.loads(post(hook("wecom"), many[:number], "head", NOW).body)["text"]["content"]
    assert MAX_TEXT - 60 < len(text.encode()) <= MAX_TEXT
    assert fitting(hook("wecom"), messages("长" * 5000), "head") == 1, "it must leave the queue one day"


@pytest.mark.parametrize(
    ("kind", "status", "body", "delivery"),
    [
        ("json", 204, "", "sent"),
        ("json", 500, "", "again"),
        ("json", 429, "", "again"),
        ("json", 408, "", "again"),
        ("json", 404, "", "refused"),
        ("json", 302, "", "refused"),
        ("wecom", 200, '{"errcode": 0, "errmsg": "ok"}', "sent"),
        ("wecom", 200, '{"errcode": 93000, "errmsg": "invalid webhook url"}', "refused"),
        ("wecom", 200, '{"errcode": 45009, "errmsg": "api freq out of limit"}', "again"),
        ("dingtalk", 200, '{"errcode": 310000, "errmsg": "sign not match"}', "refused"),
        ("dingtalk", 200, '{"status": 1111, "errcode": 130101, "errmsg": "send too fast"}', "again"),
        ("feishu", 200, '{"code": 0, "msg": "success", "StatusCode": 0}', "sent"),
        ("feishu", 200, '{"code": 19021, "msg": "sign match fail"}', "refused"),
        ("feishu", 200, '{"code": 11232, "msg": "frequency limited"}', "again"),
        ("feishu", 400, '{"code": 99991400, "msg": "request trigger frequency limit"}', "again"),
        ("feishu", 200, "<html>welcome to this network</html>", "again"),
        ("wecom", 200, "[1]", "again"),
        ("wecom", 502, "", "again"),
        ("wecom", 403, "", "refused"),
    ],
)
def test_what_an_answer_means(kind: str, status: int, body: str, delivery: str) -> None:
    answer = judge(hook(kind), status, body.encode())
    assert answer.delivery == delivery
    assert (answer.detail == "") == (delivery == "sent")


def test_each_event_of_an_alert_has_an_id_of_its_own() -> None:
    events = (
        RAISED,
        AlertAcknowledged(at=NOW, by="li", alert_id="a:1", kind="ami_lost"),
        AlertEscalated(at=NOW, severity="critical", level=1, alert_id="a:1", kind="ami_lost"),
        AlertEscalated(at=NOW, severity="critical", level=2, alert_id="a:1", kind="ami_lost"),
        AlertEnded(at=NOW, seconds=1.0, alert_id="a:1", kind="ami_lost"),
    )
    assert len({event_id(event) for event in events}) == len(events)
