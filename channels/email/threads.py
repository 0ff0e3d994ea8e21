"""One thread for one mailbox: IMAP is spoken by a library that blocks."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class CallThread:
    """Runs blocking calls one after another, away from the event loop.

    A daemon, unlike the threads of an executor: a name that resolves slowly must not hold up the end of the
    program. The thread starts with the first call and ends with `stop()`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What *call* returns or raises. Cancelling stops the waiting, not the call."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def work() -> None:
            try:
                result = call(*args, **kwargs)
            except BaseException as error:
                _tell(loop, _fail, answer, error)
            else:
                _tell(loop, _succeed, answer, result)

        self._start()
        self._calls.put(work)
        return await answer

    def stop(self) -> None:
        """Let the thread end after the calls that were made so far."""
        if self._thread is not None:
            self._thread = None
            self._calls.put(None)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=_work_off, args=(self._calls,), name=self._name, daemon=True
            )
            self._thread.start()


def _work_off(calls: SimpleQueue[Callable[[], None] | None]) -> None:
    while call := calls.get():
        call()


def _tell(loop: asyncio.AbstractEventLoop, settle: Callable[..., None], *args: Any) -> None:
    # A loop that has closed meanwhile has nobody left to tell.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(settle, *args)


def _succeed(answer: asyncio.Future[T], result: T) -> None:
    if not answer.done():
        answer.set_result(result)


def _fail(answer: asyncio.Future[T], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
