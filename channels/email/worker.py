"""Parses mail in child processes that can be killed: a poison mail delays the others by seconds, no more."""

import asyncio
import contextlib
import os
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path

from channels.email.frames import LENGTH, packed, unpacked
from channels.email.parser import MailContext
from inbox.envelopes import InboundMessage
from inbox.errors import Refused
from inbox.phrases import N_

__all__ = ["MailContext", "ParserPool"]

COMMAND = (sys.executable, "-m", "channels.email.parsing_process")
IDLE_SECONDS = 20.0
START_SECONDS = 60.0
BATCH = 64

_SOURCE = Path(__file__).resolve().parents[2]
_LARGE = 256 * 1024
_TOO_LONG = N_("The mail took too long to read.")
_DIED = N_("The mail made its parser break down.")


def environment() -> dict[str, str]:
    """What a parser process may know: it reads foreign mail, so none of our passwords."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ONETHREAD_")}


class ParserPool:
    """Up to *size* worker processes, started when there is mail, retired when there has been none a while.

    *blob_root* is the folder of a `BlobStore`: raw mail is read from it, attachments are written to it.
    """

    def __init__(
        self,
        blob_root: Path,
        *,
        size: int = 1,
        wall_seconds: float = 12.0,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._blob_root = blob_root.absolute()
        self._wall_seconds = wall_seconds
        self._idle_seconds = idle_seconds
        self._free = asyncio.Semaphore(size)
        self._idle: list[_Worker] = []
        self._timers: dict[_Worker, asyncio.TimerHandle] = {}
        self._retirements: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def idle_workers(self) -> int:
        """How many processes wait for mail."""
        return len(self._idle)

    async def parse(self, digests: Sequence[str], context: MailContext) -> list[InboundMessage | Refused]:
        """What each raw mail holds, in the order of the digests; for one that cannot be read, why not.

        Raises OSError where the machine is at fault (no space, no process): then no mail is to blame.
        """
        batches = [digests[start : start + BATCH] for start in range(0, len(digests), BATCH)]
        tasks = [asyncio.create_task(self._parse_batch(batch, context)) for batch in batches]
        try:
            answered = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return [answer for answers in answered for answer in answers]

    async def close(self) -> None:
        """End the workers that wait; one at work ends with its batch."""
        self._closed = True
        for worker in list(self._idle):
            self._retire(worker)
        await asyncio.gather(*self._retirements)

    async def _parse_batch(
        self, digests: Sequence[str], context: MailContext
    ) -> list[InboundMessage | Refused]:
        answers: list[InboundMessage | Refused] = []
        async with self._free:
            while len(answers) < len(digests):
                worker = await self._take()
                try:
                    trouble = await self._ask(worker, digests[len(answers) :], context, answers)
                except BaseException:
                    # What it would still answer must not be taken for the answer to another question.
                    await worker.kill()
                    raise
                if trouble is None:
                    self._put_back(worker)
                else:
                    answers.append(trouble)
        return answers

    async def _ask(
        self,
        worker: "_Worker",
        digests: Sequence[str],
        context: MailContext,
        answers: list[InboundMessage | Refused],
    ) -> Refused | None:
        """Collect the answers of one worker; answers why the next one is missing, if it is."""
        try:
            worker.send((context, tuple(digests)))
            for _ in digests:
                async with asyncio.timeout(self._wall_seconds):
                    answers.append(await worker.receive())
        except TimeoutError:
            await worker.kill()
            return Refused(_TOO_LONG)
        except (ConnectionError, asyncio.IncompleteReadError, pickle.UnpicklingError):
            await worker.stop()  # it is dying by itself; to kill what is dead would take its exit status away
            return Refused(_DIED)
        return None

    async def _take(self) -> "_Worker":
        while self._idle:
            worker = self._idle.pop()
            self._timers.pop(worker).cancel()
            if worker.is_alive:
                return worker
            await worker.kill()
        return await _Worker.start(self._blob_root)

    def _put_back(self, worker: "_Worker") -> None:
        self._idle.append(worker)
        loop = asyncio.get_running_loop()
        wait = 0.0 if self._closed else self._idle_seconds
        self._timers[worker] = loop.call_later(wait, self._retire, worker)

    def _retire(self, worker: "_Worker") -> None:
        self._timers.pop(worker).cancel()
        self._idle.remove(worker)
        task = asyncio.get_running_loop().create_task(worker.stop())
        self._retirements.add(task)
        task.add_done_callback(self._retirements.discard)


class _Worker:
    """One child process and the two pipes to it."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        requests: asyncio.StreamWriter,
        answers: asyncio.StreamReader,
    ) -> None:
        self._process = process
        self._requests = requests
        self._answers = answers

    @classmethod
    async def start(cls, blob_root: Path) -> "_Worker":
        """A process that has said it is ready; raises OSError where none can be had."""
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=_SOURCE,
            env=environment(),
        )
        assert process.stdin and process.stdout  # both are pipes
        worker = cls(process, process.stdin, process.stdout)
        try:
            worker.send(blob_root)
            async with asyncio.timeout(START_SECONDS):
                await worker._frame()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError) as error:
            await worker.stop()
            raise OSError("The parser process did not start.") from error
        except BaseException:
            await worker.kill()
            raise
        return worker

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    def send(self, value: object) -> None:
        self._requests.write(packed(value))

    async def receive(self) -> InboundMessage | Refused:
        """The answer about the next mail; raises OSError where the machine failed it."""
        answer = await self._frame()
        if isinstance(answer, InboundMessage):
            return answer
        if isinstance(answer, str):
            return Refused(answer)
        raise OSError(*answer if isinstance(answer, tuple) else (_DIED,))

    async def _frame(self) -> object:
        head = await self._answers.readexactly(LENGTH.size)
        content = await self._answers.readexactly(LENGTH.unpack(head)[0])
        return unpacked(content) if len(content) < _LARGE else await asyncio.to_thread(unpacked, content)

    async def stop(self) -> None:
        """Let it end by itself: its input ends."""
        self._requests.close()
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._requests.close()
        await self._process.wait()
