"""What is posted to a webhook, and what its answer means. PURE.

* ``json``: one event a request, in its CloudEvents envelope, with ``X-Hotline-Timestamp`` (Unix seconds) and
  ``X-Hotline-Signature: sha256=<hex>``, the HMAC-SHA256 of ``<timestamp>.<body>``: a receiver that refuses old
  timestamps cannot be fooled by a request that somebody kept. The envelope's ``id`` is the same in every attempt.
* ``wecom`` (企业微信群机器人): ``msgtype`` text, 2048 bytes, 20 messages a minute; the secret is in its address.
* ``dingtalk`` (钉钉自定义机器人): ``timestamp`` in ms and ``sign`` in the address: base64 of the HMAC-SHA256 under the
  secret of ``<timestamp>\\n<secret>``; 20 messages a minute, more are punished with ten minutes of silence.
* ``feishu`` (飞书自定义机器人): ``timestamp`` in s and ``sign`` in the body: base64 of the HMAC-SHA256 of nothing under
  the key ``<timestamp>\\n<secret>``; 100 messages a minute.

The robots answer HTTP 200 even when they refuse; the body's ``errcode`` (Feishu: ``code``) tells. Messages that wait
for a robot go out together as the lines of one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from gateway.bus.cloudevents import envelope
from gateway.config import Webhook
from gateway.events import AlertAcknowledged, AlertEnded, AlertEscalated, AlertRaised

SentEvent: TypeAlias = AlertRaised | AlertAcknowledged | AlertEscalated | AlertEnded
Delivery: TypeAlias = Literal["sent", "again", "refused"]

MAX_TEXT = 1900
"""Bytes of a robot's text; WeCom takes 2048."""
PAUSE = {"json": 0.0, "wecom": 3.5, "dingtalk": 3.5, "feishu": 1.0}
"""Seconds between two messages, so that no robot's limit is reached."""
BUSY = frozenset({-1, 45009, 130101, 11232, 99991400})
"""Codes of robots that are busy or were told too much: WeCom's and DingTalk's, then Feishu's. Others are final."""
TRY_AGAIN = frozenset({408, 429})


class Message(Struct, frozen=True):
    """One event that is to be sent, as it is and in words."""

    event: SentEvent
    line: str


class Post(NamedTuple):
    """One request."""

    url: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """What a webhook said to it."""

    delivery: Delivery
    detail: str


class _RobotAnswer(Struct):
    errcode: int | None = None
    code: int | None = None
    errmsg: str = ""
    msg: str = ""


def fitting(webhook: Webhook, messages: Sequence[Message], head: str) -> int:
    """How many of the messages go into one request: one to a program, as many lines as fit to a robot."""
    if webhook.format == "json":
        return min(1, len(messages))
    size = len(head.encode())
    for number, message in enumerate(messages):
        size += 1 + len(message.line.encode())
        if size > MAX_TEXT:
            return max(1, number)
    return len(messages)


def post(webhook: Webhook, messages: Sequence[Message], head: str, now: float) -> Post:
    """The request that carries these messages, signed for the instant ``now``. ``head``: the robots' first line."""
    if webhook.format == "json":
        return _signed(webhook, envelope(messages[0].event, event_id(messages[0].event)), now)
    text = "\n".join((head, *(message.line for message in messages)))
    body: dict[str, object] = {"msgtype": "text", "text": {"content": text}}
    url = webhook.url
    if webhook.format == "feishu":
        body = {"msg_type": "text", "content": {"text": text}}
        if webhook.secret:
            stamp = str(int(now))
            body |= {"timestamp": stamp, "sign": _base64_hmac(f"{stamp}\n{webhook.secret}", "")}
    elif webhook.format == "dingtalk" and webhook.secret:
        stamp = str(int(now * 1000))
        sign = _base64_hmac(webhook.secret, f"{stamp}\n{webhook.secret}")
        url += ("&" if "?" in url else "?") + urlencode({"timestamp": stamp, "sign": sign})
    return Post(url, {"Content-Type": "application/json; charset=utf-8"}, msgspec.json.encode(body))


def judge(webhook: Webhook, status: int, body: bytes) -> Answer:
    """What the answer means: sent, to be tried again, or refused for good."""
    answer = _robot_answer(body) if webhook.format != "json" else None
    code = None if answer is None else answer.errcode if answer.errcode is not None else answer.code
    if answer is not None and code:
        words = " ".join((answer.errmsg or answer.msg).split())[:120]
        return Answer("again" if code in BUSY else "refused", f"code {code} {words}".rstrip())
    if 200 <= status < 300:
        if webhook.format == "json" or code == 0:
            return Answer("sent", "")
        return Answer("again", "an answer that is no robot's")
    return Answer("again" if status >= 500 or status in TRY_AGAIN else "refused", f"HTTP {status}")


def event_id(event: SentEvent) -> str:
    """The envelope's id: the alert and what became of it, the same whenever and however often it is sent."""
    match event:
        case AlertRaised():
            return f"{event.alert_id}:raised"
        case AlertAcknowledged():
            return f"{event.alert_id}:acknowledged"
        case AlertEscalated():
            return f"{event.alert_id}:escalated:{event.level}"
        case AlertEnded():
            return f"{event.alert_id}:ended"


def _signed(webhook: Webhook, body: bytes, now: float) -> Post:
    headers = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
    if webhook.secret:
        stamp = str(int(now))
        digest = hmac.new(webhook.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers |= {"X-Hotline-Timestamp": stamp, "X-Hotline-Signature": f"sha256={digest}"}
    return Post(webhook.url, headers, body)


def _base64_hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _robot_answer(body: bytes) -> _RobotAnswer | None:
    try:
        return msgspec.json.decode(body, type=_RobotAnswer)
    except msgspec.DecodeError:
        return None
