"""Events out to a Redis stream, each once and in order, whatever happens to Redis or to us.

An entry's id is ``<stream_ms>-<seq>`` from the journal, so Redis itself refuses a second copy. A batch is one
transaction: all of it or nothing. After any failure, and at start, the newest id in the stream says where to go on:
a batch whose answer was lost is not sent again, and a tail that Redis lost in a crash is sent anew.

Fields of an entry: ``event`` is the CloudEvents JSON; ``type`` and ``call_id`` repeat two of its words, for readers
that pick. One gateway writes a stream.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from gateway import config
from gateway.bus.cloudevents import SOURCE, envelope, partial_envelope, type_name
from gateway.errors import BusError, StoreError
from gateway.events import GatewayHealth, TranscriptPartial
from gateway.store.entry import Entry
from gateway.store.journal import Journal

CURSOR = "redis"
"""Name of this reader's cursor in the journal."""
BATCH = 500
"""Entries in one transaction."""
FIRST_RETRY, LONGEST_RETRY = 0.1, 5.0
"""Seconds between attempts while Redis is away."""
PING_INTERVAL = 5.0
"""Seconds without an event after which Redis is asked whether it is still there."""


class Publisher:
    """Feeds the stream from the journal: ``await run()`` in a task of its own.

    ``on_health`` hears of component ``redis``: "lost" when the stream cannot be written, with the reason; "degraded"
    when it was found gone (what it held is not sent again); "ok" when it is written. ``value`` is the number of
    events that wait.
    """

    def __init__(
        self,
        settings: config.Redis,
        journal: Journal,
        *,
        source: str = SOURCE,
        on_health: Callable[[GatewayHealth], None] | None = None,
    ) -> None:
        self.published = 0
        """Number of the newest entry known to be in the stream."""
        self.partials_dropped = 0
        """Partial transcripts not published because Redis was away or slow."""
        self._settings = settings
        self._journal = journal
        self._source = source
        self._on_health = on_health
        self._health: Literal["unknown", "ok", "degraded", "lost"] = "unknown"
        self._redis = client(settings)

    @property
    def backlog(self) -> int:
        """Durable events that are not yet in the stream."""
        return self._journal.seq - self.published

    async def run(self) -> None:
        """Publish until cancelled or the journal is closed.

        A fault of Redis is reported as health and waited out, with growing pauses up to 5 s.
        """
        retry = FIRST_RETRY
        try:
            while True:
                try:
                    await self._resume()
                    await self._publish()
                except (RedisError, OSError, BusError, StoreError) as error:
                    if self._journal.closed:
                        return
                    if self._health == "ok":
                        retry = FIRST_RETRY
                    self._report("lost", f"events waiting: {_fault(self._settings, error)}")
                    await self._redis.connection_pool.disconnect()
                    await asyncio.sleep(retry)
                    retry = min(retry * 2, LONGEST_RETRY)
        finally:
            await self._redis.aclose()

    async def publish_partial(self, event: TranscriptPartial) -> None:
        """Send words so far to the Pub/Sub channel, at most once: dropped and counted while Redis is away.

        May take up to ``socket_timeout`` when Redis has just gone: await it where nothing else waits.
        """
        if self._health != "ok":
            self.partials_dropped += 1
            return
        message = partial_envelope(event, self._source)
        try:
            await self._redis.publish(self._settings.partials_channel, message)
        except (RedisError, OSError):
            self.partials_dropped += 1
        _end_if_cancelled()

    async def _publish(self) -> None:
        while True:
            _end_if_cancelled()
            if self.backlog == 0:
                self._report("ok", "events waiting")
            try:
                async with asyncio.timeout(PING_INTERVAL):
                    await self._journal.wait(self.published)
            except TimeoutError:
                await self._redis.ping()
                continue
            entries = await self._journal.read(self.published, BATCH)
            if await self._send(entries):
                self.published = entries[-1].seq
            else:
                await self._resume()
            await self._journal.set_cursor(CURSOR, self.published)
            self._report("ok", "events waiting")

    async def _send(self, entries: Sequence[Entry]) -> bool:
        """Add the entries in one transaction. False when some were refused because the stream is already past them."""
        pipeline = self._redis.pipeline(transaction=True)
        for entry in entries:
            fields: dict[Any, Any] = {
                "event": envelope(entry.event, str(entry.seq), self._source),
                "type": type_name(entry.event),
                "call_id": getattr(entry.event, "call_id", ""),
            }
            stream_id = f"{entry.stream_ms}-{entry.seq}"
            pipeline.xadd(
                self._settings.stream, fields, id=stream_id, maxlen=self._settings.max_length, approximate=True
            )
        results = await pipeline.execute(raise_on_error=False)
        refused = [result for result in results if isinstance(result, Exception)]
        for error in refused:
            if "equal or smaller" not in str(error):
                raise error
        return not refused

    async def _resume(self) -> None:
        """Find where to go on, from the stream's newest id and our cursor.

        Raises BusError when the stream is ahead with entries that are not this journal's.
        """
        cursor = self.published = await self._journal.cursor(CURSOR)
        newest = await newest_id(self._redis, self._settings.stream)
        if newest == (0, 0):
            if cursor:
                self._report("degraded", f"events waiting: stream {self._settings.stream} was removed or lost by Redis")
            return
        named = await self._journal.read(newest[1] - 1, 1)
        if named and (named[0].stream_ms, named[0].seq) == newest:
            self.published = newest[1]
            return
        following = await self._journal.read(cursor, 1)
        if following and (following[0].stream_ms, following[0].seq) <= newest:
            raise BusError(
                f"Redis stream {self._settings.stream}: holds entries of another journal up to {newest[0]}-{newest[1]}",
                "Set another redis.stream, or rename that one away",
            )

    def _report(self, status: Literal["ok", "degraded", "lost"], detail: str) -> None:
        if status == self._health:
            return
        self._health = status
        if self._on_health is not None:
            waiting = float(self.backlog)
            self._on_health(
                GatewayHealth(at=time.time(), component="redis", status=status, detail=detail, value=waiting)
            )


def _end_if_cancelled() -> None:
    """The Redis client may swallow a cancellation that comes while it cleans up; the task must end all the same."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def client(settings: config.Redis) -> Redis:
    """A client with timeouts and without retries of its own: the publisher knows what may be repeated.

    Raises BusError when ``redis.url`` is not one.
    """
    try:
        return Redis.from_url(
            settings.url,
            socket_timeout=settings.socket_timeout,
            socket_connect_timeout=settings.socket_timeout,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
    except ValueError as error:
        raise BusError(f"Redis: redis.url: {error}", "It looks like redis://host:6379/0") from error


async def newest_id(redis: Redis, stream: str) -> tuple[int, int]:
    """The highest id the stream ever held; (0, 0) when there is no stream. Raises RedisError."""
    try:
        information = await redis.xinfo_stream(stream)
    except ResponseError as error:
        if "no such key" in str(error):
            return (0, 0)
        raise
    milliseconds, _, seq = str(information["last-generated-id"]).partition("-")
    return int(milliseconds), int(seq)


async def check(settings: config.Redis) -> str:
    """Try to reach Redis and whether the stream may be written, changing nothing.

    Returns one line for people. Raises BusError naming the fault and the mend.
    """
    async with client(settings) as redis:
        try:
            newest = await newest_id(redis, settings.stream)
            # An id that no entry can have: Redis looks at permissions first, then refuses it.
            await redis.xadd(settings.stream, {"event": ""}, id="0-0")
        except (RedisError, OSError) as error:
            if "greater than 0-0" not in str(error):
                raise BusError(_fault(settings, error), _mend(error)) from error
    state = f"newest entry {newest[0]}-{newest[1]}" if newest != (0, 0) else "empty"
    return f"Redis at {_place(settings)}: stream {settings.stream} can be written ({state})"


def _place(settings: config.Redis) -> str:
    return settings.url.rpartition("@")[2].partition("?")[0].removeprefix("redis://")


def _fault(settings: config.Redis, error: Exception) -> str:
    if isinstance(error, (BusError, StoreError)):
        return str(error)
    if _wants_password(error):
        return f"Redis at {_place(settings)}: it wants a password, or another one"
    return f"Redis at {_place(settings)}: {' '.join(str(error).split()).rstrip('.') or type(error).__name__}"


def _wants_password(error: Exception) -> bool:
    # Without a password Redis refuses the greeting of newer clients in words of its own.
    return isinstance(error, AuthenticationError) or any(word in str(error) for word in ("NOAUTH", "authenticated"))


def _mend(error: Exception) -> str:
    if isinstance(error, NoPermissionError):
        return "Allow that command and key to the gateway's Redis user"
    if isinstance(error, ReadOnlyError):
        return "This is a replica: set redis.url to the primary"
    if _wants_password(error):
        return "Put user and password into redis.url, as in redis://user:password@host:6379/0"
    if "WRONGTYPE" in str(error):
        return "That key is not a stream: set another redis.stream"
    return "Start Redis, or mend redis.url"
