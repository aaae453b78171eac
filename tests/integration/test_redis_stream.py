"""The stream on a real Redis that dies, forgets, refuses and answers late."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

import pytest
from redis.asyncio import Redis

from gateway import config
from gateway.bus import redis_stream
from gateway.bus.cloudevents import parse
from gateway.bus.redis_stream import Publisher, check
from gateway.demo.redis import RedisInstance
from gateway.errors import BusError
from gateway.events import CallQueued, GatewayHealth, TranscriptPartial
from gateway.store.entry import Entry
from gateway.store.journal import Journal

STREAM = "hotline:events"


def client(server: RedisInstance) -> Redis:
    return Redis.from_url(server.url, decode_responses=True)


class FaultyLine:
    """A line to Redis that breaks at every second transaction, in three ways by turns.

    ``answer``: Redis does the work, but its answer is lost. ``question``: Redis never sees the transaction's end.
    ``late``: the client finds the line dead, comes back and asks where the stream stands, and only then does the
    transaction reach Redis.
    """

    FAULTS = ("answer", "question", "late")
    BEGIN, END = b"*1\r\n$5\r\nMULTI\r\n", b"*1\r\n$4\r\nEXEC\r\n"

    def __init__(self, server: RedisInstance) -> None:
        self.socket = server.socket.with_name("line.sock")
        self.url = f"unix://{self.socket}"
        self.broken: list[str] = []
        self._server = server
        self._transactions = 0
        self._late = b""

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_unix_server(self._serve, self.socket)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_redis, to_redis = await asyncio.open_unix_connection(self._server.socket)
        request = b""
        asked = False

        async def pass_answers() -> None:
            while data := await from_redis.read(65536):
                if asked and self._late:
                    late, self._late = self._late, b""
                    await self._deliver(late)
                writer.write(data)

        answering = asyncio.create_task(pass_answers())
        with suppress(ConnectionError):
            while chunk := await reader.read(65536):
                request += chunk
                if request.startswith(self.BEGIN):
                    if not request.endswith(self.END):
                        continue
                    self._transactions += 1
                    if self._transactions % 2 == 0:
                        await self._break(request)
                        break
                asked = b"XINFO" in request
                to_redis.write(request)
                request = b""
        answering.cancel()
        writer.close()
        to_redis.close()

    async def _break(self, transaction: bytes) -> None:
        fault = self.FAULTS[len(self.broken) % 3]
        self.broken.append(fault)
        if fault == "answer":
            await self._deliver(transaction)
        elif fault == "question":
            await self._deliver(transaction.removesuffix(self.END))
        else:
            self._late = transaction

    async def _deliver(self, data: bytes) -> None:
        """Let Redis read all of ``data``; it hangs up when it has worked it off."""
        from_redis, to_redis = await asyncio.open_unix_connection(self._server.socket)
        to_redis.write(data)
        to_redis.write_eof()
        await from_redis.read()
        to_redis.close()


@pytest.fixture
async def server() -> AsyncIterator[RedisInstance]:
    async with RedisInstance(persistent=True) as server:
        yield server


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_stream, "FIRST_RETRY", 0.005)
    monkeypatch.setattr(redis_stream, "LONGEST_RETRY", 0.05)
    monkeypatch.setattr(redis_stream, "PING_INTERVAL", 0.05)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    async with Journal(f"sqlite:///{tmp_path}/journal.db", commit_interval=0.001) as journal:
        yield journal


class Watch:
    """A running publisher and what it said about its health."""

    def __init__(self, journal: Journal, settings: config.Redis) -> None:
        self.health: asyncio.Queue[GatewayHealth] = asyncio.Queue()
        self.publisher = Publisher(settings, journal, on_health=self.health.put_nowait)

    async def hears(self, status: str) -> GatewayHealth:
        while True:
            health = await self.health.get()
            if health.status == status:
                return health


@asynccontextmanager
async def publishing(journal: Journal, url: str) -> AsyncIterator[Watch]:
    watch = Watch(journal, config.Redis(url=url, socket_timeout=2.0))
    running = asyncio.create_task(watch.publisher.run())
    yield watch
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def queued(number: int) -> CallQueued:
    return CallQueued(at=1764000000.0 + number, call_id=f"1764.{number}", queue="hotline", position=number)


async def append(journal: Journal, first: int, last: int) -> None:
    journal.append([queued(n) for n in range(first, last + 1)])
    await journal.flush()


async def read_stream(server: RedisInstance, count: int) -> list[tuple[str, dict[str, str]]]:
    """The first ``count`` entries, as a consumer that waits for them gets them."""
    found: list[tuple[str, dict[str, str]]] = []
    async with client(server) as redis:
        while len(found) < count:
            last = found[-1][0] if found else "0-0"
            for _stream, entries in await redis.xread({STREAM: last}, block=20_000) or []:
                found += entries
    return found


async def assert_whole(server: RedisInstance, journal: Journal) -> None:
    """The stream holds every entry of the journal, once and in order."""
    entries = await journal.read(0, 100_000)
    stream = await read_stream(server, len(entries))
    assert [stream_id for stream_id, _ in stream] == [f"{entry.stream_ms}-{entry.seq}" for entry in entries]
    events = [parse(fields["event"]) for _, fields in stream]
    assert [event.id for event in events] == [str(n) for n in range(1, len(entries) + 1)]
    assert [event.data for event in events] == [entry.event for entry in entries]


async def test_an_entry_carries_the_envelope_and_two_words_to_pick_by(server: RedisInstance, journal: Journal):
    async with publishing(journal, server.url) as watch:
        await append(journal, 1, 1)
        ((_, fields),) = await read_stream(server, 1)
        assert (fields["type"], fields["call_id"]) == ("hotline.call.queued.v1", "1764.1")
        assert parse(fields["event"]).data == queued(1)
        await assert_whole(server, journal)
        ok = await watch.hears("ok")
        assert (ok.component, ok.at > 0) == ("redis", True)


async def test_redis_dies_and_comes_back(server: RedisInstance, journal: Journal):
    async with publishing(journal, server.url) as watch:
        await append(journal, 1, 20)
        await read_stream(server, 20)
        await watch.hears("ok")
        await server.kill()
        lost = await watch.hears("lost")
        assert str(server.socket) in lost.detail
        await append(journal, 21, 1500)
        assert watch.publisher.backlog == 1480
        await server.start()
        await watch.hears("ok")
        await append(journal, 1501, 1510)
        await assert_whole(server, journal)


async def test_redis_dies_again_and_again_while_events_come(server: RedisInstance, journal: Journal):
    async def die() -> None:
        for _ in range(4):
            await server.kill()
            await server.start()

    async with publishing(journal, server.url):
        dying = asyncio.create_task(die())
        number = 0
        while not dying.done():
            await append(journal, number + 1, number + 5)
            number += 5
        await dying
        await assert_whole(server, journal)


async def test_a_broken_line_neither_loses_nor_doubles(
    server: RedisInstance, journal: Journal, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(redis_stream, "BATCH", 7)
    await append(journal, 1, 200)
    async with FaultyLine(server) as line, publishing(journal, line.url):
        await assert_whole(server, journal)
        await append(journal, 201, 203)
        await assert_whole(server, journal)
        assert set(line.broken) == set(line.FAULTS)
        assert len(line.broken) >= 9


async def test_a_restarted_gateway_goes_on_and_recognises_what_was_sent(server: RedisInstance, journal: Journal):
    async with publishing(journal, server.url):
        await append(journal, 1, 10)
        await read_stream(server, 10)
    await journal.set_cursor(redis_stream.CURSOR, 3)
    await append(journal, 11, 20)
    async with publishing(journal, server.url):
        await assert_whole(server, journal)


async def test_a_tail_that_redis_lost_is_sent_anew(server: RedisInstance, journal: Journal):
    async with client(server) as redis:
        async with publishing(journal, server.url):
            await append(journal, 1, 5)
            await read_stream(server, 5)
            backup = await Redis.from_url(server.url).dump(STREAM)
            await append(journal, 6, 10)
            await read_stream(server, 10)
        await redis.restore(STREAM, 0, backup, replace=True)
    async with publishing(journal, server.url):
        await assert_whole(server, journal)


async def test_a_stream_that_was_removed_is_reported_and_gets_only_what_is_new(server: RedisInstance, journal: Journal):
    await append(journal, 1, 5)
    async with publishing(journal, server.url) as watch:
        await watch.hears("ok")
    async with client(server) as redis:
        assert await redis.delete(STREAM) == 1
    async with publishing(journal, server.url) as watch:
        degraded = await watch.hears("degraded")
        assert STREAM in degraded.detail
        await watch.hears("ok")
        await append(journal, 6, 6)
        ((_, fields),) = await read_stream(server, 1)
        assert parse(fields["event"]).id == "6"


async def test_a_stream_of_another_journal_is_named_until_it_is_moved_away(server: RedisInstance, journal: Journal):
    async with client(server) as redis:
        await redis.xadd(STREAM, {"event": "{}"}, id="99999999999999-1")
        await append(journal, 1, 3)
        async with publishing(journal, server.url) as watch:
            lost = await watch.hears("lost")
            assert "another journal" in lost.detail
            assert lost.value == 3.0
            await redis.rename(STREAM, "moved")
            await watch.hears("ok")
            await assert_whole(server, journal)


async def test_an_older_journals_stream_is_continued(server: RedisInstance, journal: Journal):
    async with client(server) as redis:
        await redis.xadd(STREAM, {"event": "{}"}, id="1000-900")
        async with publishing(journal, server.url):
            await append(journal, 1, 3)
            stream = await read_stream(server, 4)
        assert [parse(fields["event"]).id for _, fields in stream[1:]] == ["1", "2", "3"]


async def test_a_redis_that_is_full_gets_everything_when_it_has_room(server: RedisInstance, journal: Journal):
    async with client(server) as redis, publishing(journal, server.url) as watch:
        await append(journal, 1, 3)
        await watch.hears("ok")
        await redis.config_set("maxmemory", "1")
        await append(journal, 4, 9)
        lost = await watch.hears("lost")
        assert "maxmemory" in lost.detail
        assert watch.health.empty()
        await redis.config_set("maxmemory", "0")
        await watch.hears("ok")
        await assert_whole(server, journal)


async def test_the_stream_is_kept_at_its_length(server: RedisInstance, journal: Journal):
    watch = Watch(journal, config.Redis(url=server.url, max_length=100))
    running = asyncio.create_task(watch.publisher.run())
    await append(journal, 1, 3000)
    async with client(server) as redis:
        while (newest := await redis.xrevrange(STREAM, count=1)) == [] or not newest[0][0].endswith("-3000"):
            await redis.xread({STREAM: "$"}, block=20)
        assert 100 <= await redis.xlen(STREAM) < 400
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


PARTIAL = TranscriptPartial(
    at=1764000003.0, call_id="1764.1", utterance_id="1764.1-caller-1", speaker="caller", text="您好", start=2, end=3.5
)


async def test_partial_transcripts_go_to_the_channel_and_are_dropped_when_redis_is_away(
    server: RedisInstance, journal: Journal
):
    async with client(server) as redis, redis.pubsub() as channel, publishing(journal, server.url) as watch:
        await channel.subscribe("hotline:partials")
        await channel.get_message(timeout=5)
        await watch.hears("ok")
        await watch.publisher.publish_partial(PARTIAL)
        message = await channel.get_message(timeout=5)
        assert message is not None
        event = parse(message["data"])
        assert (event.data, event.id) == (PARTIAL, "1764.1-caller-1:3.500")
        await server.kill()
        await watch.publisher.publish_partial(PARTIAL)
        await watch.hears("lost")
        await watch.publisher.publish_partial(PARTIAL)
        assert watch.publisher.partials_dropped == 2


async def test_the_publisher_ends_with_the_journal(server: RedisInstance, tmp_path: Path):
    async with Journal(f"sqlite:///{tmp_path}/other.db") as journal:
        running = asyncio.create_task(Publisher(config.Redis(url=server.url), journal).run())
    async with asyncio.timeout(20):
        assert await running is None


async def test_check_changes_nothing_and_says_what_it_found(server: RedisInstance):
    settings = config.Redis(url=server.url)
    assert "can be written (empty)" in await check(settings)
    async with client(server) as redis:
        assert await redis.exists(STREAM) == 0
        await redis.xadd(STREAM, {"event": "{}"}, id="5-1")
        assert "newest entry 5-1" in await check(settings)
        assert await redis.xlen(STREAM) == 1


async def test_check_names_the_fault_and_the_mend(server: RedisInstance):
    settings = config.Redis(url=server.url)
    async with client(server) as redis:
        await redis.set("text", "1")
        with pytest.raises(BusError, match="not a stream"):
            await check(config.Redis(url=server.url, stream="text"))
        await redis.acl_setuser("reader", enabled=True, passwords=["+geheim"], keys=["*"], commands=["+xinfo"])
        with pytest.raises(BusError, match="Allow that command") as refused:
            await check(config.Redis(url=server.url.replace("unix://", "unix://reader:geheim@")))
        assert "geheim" not in str(refused.value)
        await redis.replicaof("127.0.0.1", "1")
        with pytest.raises(BusError, match=r"set redis\.url to the primary"):
            await check(settings)
        await redis.replicaof("NO", "ONE")
        await redis.config_set("requirepass", "geheim")
    with pytest.raises(BusError, match="Put user and password"):
        await check(settings)
    await server.kill()
    with pytest.raises(BusError, match="Start Redis"):
        await check(settings)
    with pytest.raises(BusError, match=r"redis\.url"):
        await check(config.Redis(url="hotline"))


class FaultyPublisher(Publisher):
    """Its Redis client swallows a cancellation."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.sending = asyncio.Event()

    async def _send(self, entries: Sequence[Entry]) -> bool:
        self.sending.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        return True


async def test_it_ends_although_the_client_swallows_the_cancellation(server: RedisInstance, journal: Journal):
    publisher = FaultyPublisher(config.Redis(url=server.url, stream=STREAM), journal)
    running = asyncio.create_task(publisher.run())
    journal.append([GatewayHealth(at=1.0, component="core", status="ok")])
    await publisher.sending.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
