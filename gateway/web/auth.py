"""Who is at the page: accounts and passwords, sessions, and the guard against guessing and forged requests.

Sessions live in memory: a restart of the gateway logs everybody out. The browser holds a random token in a cookie
it shows to no script and sends to no other site; the gateway keeps only the token's SHA-256.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import get_args
from urllib.parse import urlsplit

from aiohttp import web
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.errors import InputError
from gateway.store.accounts import Account, Accounts, Role

COOKIE = "hotline_session"
ROLES: tuple[Role, ...] = get_args(Role)
MIN_PASSWORD, MAX_PASSWORD = 10, 256
MAX_NAME = 64
MAX_SESSIONS = 10_000
"""Beyond it the oldest session ends."""
MAX_HASHING = 2
"""Passwords hashed at once: each takes 64 MiB and a core for some tens of milliseconds."""
MAX_HASHING_WAITING = 50
"""Logins that may wait for it; one more is refused."""
FREE_FAILURES = 3
"""Wrong passwords per name and address before each further try must wait, twice as long each time."""
LONGEST_WAIT = 300.0
"""Seconds such a wait may grow to; a name untouched for twice as long starts afresh."""
MAX_TRACKED = 10_000
"""Names and addresses remembered; beyond it the one untouched longest is forgotten."""
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""For passwords read out or copied by hand: no l, o, 0 or 1."""


class RefusedError(InputError):
    """A request is refused with an HTTP ``status``; ``retry_after`` seconds, where waiting helps."""

    def __init__(self, status: int, what: str, mend: str = "", retry_after: float = 0.0) -> None:
        super().__init__(what, mend)
        self.status = status
        self.retry_after = math.ceil(retry_after)


@dataclass(eq=False)
class Session:
    """A logged-in browser. ``over`` is set when it logs out or is thrown out; pages watch it."""

    account: Account
    expires: float
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Backoff:
    """Counts failed tries by key and makes the next one wait.

    Every try counts as failed until it succeeds, so that many at once gain nothing.
    """

    def __init__(self) -> None:
        self._tries: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def enter(self, key: tuple[str, str], now: float) -> None:
        """Register a try. Raises RefusedError 429 while the key must wait."""
        failures, last = self._tries.pop(key, (0, now))
        if now - last > 2 * LONGEST_WAIT:
            failures = 0
        doublings = failures - FREE_FAILURES
        wait = 0.0 if doublings < 0 else min(2.0 ** min(doublings, 20), LONGEST_WAIT)
        if now < last + wait:
            self._tries[key] = (failures, last)
            left = math.ceil(last + wait - now)
            raise RefusedError(429, "Too many failed logins for this name", f"Try again in {left} s", left)
        self._tries[key] = (failures + 1, now)
        if len(self._tries) > MAX_TRACKED:
            self._tries.popitem(last=False)

    def succeeded(self, key: tuple[str, str]) -> None:
        """The try was right: forget the failures."""
        self._tries.pop(key, None)


class Auth:
    """Logins and sessions. ``clock`` gives Unix seconds."""

    def __init__(self, accounts: Accounts, session_hours: float, clock: Callable[[], float] = time.time) -> None:
        self._accounts = accounts
        self._lifetime = session_hours * 3600
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._backoff = Backoff()
        self._hasher = PasswordHasher()
        self._decoy = self._hasher.hash(secrets.token_hex(16))
        self._hashing = asyncio.Semaphore(MAX_HASHING)
        self._waiting = 0

    async def login(self, name: str, password: str, address: str) -> tuple[str, Session]:
        """Check a password; gives the cookie's token and the session.

        An unknown name takes as long as a wrong password. Raises RefusedError 401 (never saying
        which of the two was wrong) or 429.
        """
        key = (name[:MAX_NAME], address)
        self._backoff.enter(key, self._clock())
        account = await self._accounts.find(name[:MAX_NAME])
        right = await self._verify(account.password_hash if account else self._decoy, password)
        if account is None or not right:
            raise RefusedError(401, "Name or password is wrong")
        self._backoff.succeeded(key)
        if self._hasher.check_needs_rehash(account.password_hash):
            renewed = await asyncio.to_thread(self._hasher.hash, password)
            await self._accounts.set_password_hash(account.name, renewed)
            account = Account(account.name, account.role, account.agent, renewed)
        token = secrets.token_urlsafe(32)
        session = Session(account, self._clock() + self._lifetime)
        self._sessions[_digest(token)] = session
        self._drop_expired()
        return token, session

    def logout(self, request: web.Request) -> None:
        """End the request's session, if it has one, and its live pages."""
        self._end(_digest(request.cookies.get(COOKIE, "")))

    async def session(self, request: web.Request, roles: Collection[Role] = ROLES) -> Session:
        """The request's living session. It ends when the account is gone or was given another password or role.

        Raises RefusedError 401 without one, and 403 for a role that is not among ``roles``.
        """
        key = _digest(request.cookies.get(COOKIE, ""))
        session = self._sessions.get(key)
        if session is not None and (
            session.expires <= self._clock() or await self._accounts.find(session.account.name) != session.account
        ):
            self._end(key)
            session = None
        if session is None:
            raise RefusedError(401, "Nobody is logged in", "Log in first")
        if session.account.role not in roles:
            raise RefusedError(403, f"This is not for the role {session.account.role}")
        return session

    def seconds_left(self, session: Session) -> float:
        """Until the session expires."""
        return max(0.0, session.expires - self._clock())

    async def _verify(self, password_hash: str, password: str) -> bool:
        if self._waiting >= MAX_HASHING_WAITING:
            raise RefusedError(429, "Too many people log in at once", "Try again in 5 s", 5)
        self._waiting += 1
        try:
            async with self._hashing:
                return await asyncio.to_thread(self._hasher.verify, password_hash, password[: MAX_PASSWORD + 1])
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._waiting -= 1

    def _drop_expired(self) -> None:
        now = self._clock()
        for key in [key for key, session in self._sessions.items() if session.expires <= now]:
            self._end(key)
        while len(self._sessions) > MAX_SESSIONS:
            self._end(next(iter(self._sessions)))

    def _end(self, key: str) -> None:
        if session := self._sessions.pop(key, None):
            session.over.set()


def set_cookie(request: web.Request, response: web.StreamResponse, token: str, seconds: float) -> None:
    """Hand the token to the browser; ``Secure`` when it came by HTTPS, also through a proxy that says so."""
    secure = request.secure or request.headers.get("X-Forwarded-Proto") == "https"
    response.set_cookie(
        COOKIE, token, max_age=math.ceil(seconds), path="/", httponly=True, samesite="Strict", secure=secure
    )


def same_origin(request: web.Request) -> bool:
    """Whether the browser says that a page of ours sent this. Only the host counts: a proxy may end HTTPS."""
    origin = request.headers.get("Origin", "")
    return bool(origin) and urlsplit(origin).netloc == request.host


def forged(request: web.Request) -> bool:
    """Whether an unsafe request may come from another site: without our header, or with a foreign origin."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return False
    if request.headers.get("X-Requested-With") != "hotline":
        return True
    return "Origin" in request.headers and not same_origin(request)


async def create_account(accounts: Accounts, name: str, role: str, agent: str, password: str) -> Account:
    """Open an account. Raises InputError for an unfit name, role, agent or password, or a name that is taken."""
    if not name.isprintable() or not 0 < len(name) <= MAX_NAME or name.strip() != name:
        raise InputError(f"A name has 1 to {MAX_NAME} printable characters and no space around it")
    if role not in ROLES:
        raise InputError("The role is unknown", f"Choose one of {', '.join(ROLES)}")
    if role == "agent" and not agent:
        raise InputError("An agent's account needs the agent's id", "Give the id of his queue membership, as in 1001")
    account = Account(name, role, agent, await _hash_new(password))
    await accounts.add(account)
    return account


async def change_password(accounts: Accounts, name: str, password: str) -> None:
    """Give an account another password; its sessions end. Raises InputError as ``create_account`` does."""
    await accounts.set_password_hash(name, await _hash_new(password))


def one_time_password() -> str:
    """A random password of 80 bits in four groups, to be handed over once."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


async def _hash_new(password: str) -> str:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InputError(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    return await asyncio.to_thread(PasswordHasher().hash, password)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
