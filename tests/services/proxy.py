"""A TCP proxy between a client and a server that cuts, stalls and refuses: the network on a bad day."""

import asyncio
import socket
import struct
from contextlib import suppress
from types import TracebackType
from typing import Self

CHUNK = 65_536
NO_LINGER = struct.pack("ii", 1, 0)


class TcpProxy:
    """Listens on `port` and passes everything on to *target_port*; runs in the test's own loop.

    async with TcpProxy(server.port) as proxy:
        ...  # connect to proxy.port
        proxy.cut()
    """

    def __init__(self, target_port: int, *, target_host: str = "127.0.0.1") -> None:
        self._target = (target_host, target_port)
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._connections: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.accepted = 0
        self.client_bytes = 0
        self.server_bytes = 0
        self._cut_at: int | None = None

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.refuse()
        self.cut()
        await asyncio.gather(*self._connections, return_exceptions=True)

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        return len(self._connections)

    def cut(self) -> None:
        """Break every connection off without a goodbye (RST); new ones are let in."""
        self.resume()
        for writer in self._writers:
            # With nothing to linger for, closing sends RST instead of FIN.
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            writer.transport.abort()
        for connection in self._connections:
            connection.cancel()

    def cut_after(self, server_bytes: int) -> None:
        """Break off as soon as the server has sent so many bytes more, in the middle of an answer, say."""
        self._cut_at = self.server_bytes + server_bytes

    def stall(self) -> None:
        """Pass nothing on any more, while both sides believe the connection is fine."""
        self._flowing.clear()

    def resume(self) -> None:
        """End a stall; what was held back flows on."""
        self._flowing.set()

    async def refuse(self) -> None:
        """Listen no more; connections that stand go on."""
        if self._server is not None:
            self._server.close()
            self._server = None
            await asyncio.sleep(0)

    async def accept(self) -> None:
        """Listen, again on the same port."""
        if self._server is None:
            self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        self._writers.add(writer)
        try:
            with suppress(OSError, asyncio.CancelledError):
                await self._join(reader, writer)
        finally:
            writer.transport.abort()
            self._writers.discard(writer)
            self._connections.discard(task)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._writers.add(far_writer)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(reader, far_writer, from_server=False))
                both.create_task(self._pass_on(far_reader, writer, from_server=True))
        except* OSError as broken:
            # One side broke off, and the other is to see just that.
            raise broken.exceptions[0] from None
        finally:
            far_writer.transport.abort()
            self._writers.discard(far_writer)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_server: bool
    ) -> None:
        while chunk := await reader.read(CHUNK):
            await self._flowing.wait()
            if from_server:
                chunk = self._up_to_the_cut(chunk)
                self.server_bytes += len(chunk)
            else:
                self.client_bytes += len(chunk)
            writer.write(chunk)
            await writer.drain()
            if self._cut_at is not None and self.server_bytes >= self._cut_at:
                self._cut_at = None
                self.cut()
        if writer.can_write_eof():
            writer.write_eof()

    def _up_to_the_cut(self, chunk: bytes) -> bytes:
        return chunk if self._cut_at is None else chunk[: max(0, self._cut_at - self.server_bytes)]
