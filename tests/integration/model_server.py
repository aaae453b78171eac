"""A real HTTP server on loopback that gives one file, and a proxy, each with the faults of a bad line."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


class FaultyModelServer:
    """Serves ``data`` at ``url``, with ETag, Range and If-Range as RFC 9110 has them, but for what is set here."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.url = ""
        self.cuts = 0
        """So many answers are cut off half way."""
        self.ignores_range = False
        self.names_version = True
        """Sends an ETag."""
        self.heeds_if_range = True
        self.chunked = False
        """Sends no Content-Length."""
        self.claims = 0
        """Bytes added to the Content-Length."""
        self.stalls = asyncio.Event()
        self.stalls.set()
        """When cleared: after half of the file nothing more comes."""
        self.halves = asyncio.Event()
        """Set when half of the file is on its way."""
        self.requests: list[tuple[str, str]] = []
        """Range and If-Range of each."""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        data, tag = self.data, f'"{hashlib.sha256(self.data).hexdigest()[:16]}"'
        wanted, condition = request.headers.get("Range", ""), request.headers.get("If-Range", "")
        self.requests.append((wanted, condition))
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and not self.ignores_range else 0
        if start and self.heeds_if_range and condition and condition != tag:
            start = 0
        if start and start >= len(data):
            return web.Response(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
        response = web.StreamResponse(status=206 if start else 200)
        if self.names_version:
            response.headers["ETag"] = tag
        if start:
            response.headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        rest = data[start:]
        if self.chunked:
            response.enable_chunked_encoding()
        else:
            response.content_length = len(rest) + self.claims
        await response.prepare(request)
        half = len(rest) // 2
        await response.write(rest[:half])
        self.halves.set()
        await self.stalls.wait()
        if self.cuts > 0 or self.claims > 0:
            if self.claims > 0:
                await response.write(rest[half:])
            self.cuts -= 1
            assert request.transport is not None
            request.transport.close()
            return response
        await response.write(rest[half:])
        return response

    async def page(self, request: web.Request) -> web.Response:
        return web.Response(text="<html>Please log in</html>", content_type="text/html")

    async def moved(self, request: web.Request) -> web.Response:
        raise web.HTTPFound("/tiny.zip")

    async def moved_round(self, request: web.Request) -> web.Response:
        raise web.HTTPFound(request.path)

    async def away(self, request: web.Request) -> web.Response:
        raise web.HTTPServiceUnavailable


@asynccontextmanager
async def model_server(data: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[FaultyModelServer]:
    """The server, while it serves: /tiny.zip, and /page, /moved, /round, /away."""
    faulty = FaultyModelServer(data)
    app = web.Application()
    for path, handler in (
        ("/tiny.zip", faulty.serve),
        ("/page", faulty.page),
        ("/moved", faulty.moved),
        ("/round", faulty.moved_round),
        ("/away", faulty.away),
    ):
        app.router.add_get(path, handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    faulty.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}/tiny.zip"
    try:
        yield faulty
    finally:
        faulty.stalls.set()
        await runner.cleanup()


class TunnelProxy:
    """An HTTP proxy that only knows CONNECT; ``refuses`` it when told."""

    def __init__(self) -> None:
        self.address = ""
        self.asked: list[str] = []
        self.refuses = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head.split("\r\n")[0])
            if self.refuses:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
            else:
                host, port = head.split()[1].split(":")
                there, back = await asyncio.open_connection(host, int(port))
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await asyncio.gather(_pump(reader, back), _pump(there, writer))
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while block := await reader.read(1 << 16):
        writer.write(block)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def tunnel_proxy() -> AsyncIterator[TunnelProxy]:
    """The proxy, while it serves."""
    proxy = TunnelProxy()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    proxy.address = f"{host}:{port}"
    async with server:
        yield proxy
