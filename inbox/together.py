"""Work that many ask for one by one, done in batches: what comes while one is under way makes the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Together(Generic[Item, Result]):
    """`await add(item)` answers the item's result, or raises what its batch raised.

    *do* answers the results of a batch in the order of its items. Nobody waits for company: an item that
    finds no batch under way begins one at once, so that a quiet hour costs no delay and a crowd few batches.
    After a batch of several the next begins *apart* seconds later than it did at least: what a batch costs
    beside its items is then paid so often and no oftener, however many come.
    """

    def __init__(
        self,
        do: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        most: int,
        apart: float = 0.0,
    ) -> None:
        self._do = do
        self._most = most
        self._apart = apart
        self._next_at = float("-inf")
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """Whoever is cancelled while waiting takes nothing back: the item is done with the others."""
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="together")
            self._task.add_done_callback(self._let_go)
        return await result

    async def _run(self) -> None:
        while self._waiting:
            loop = asyncio.get_running_loop()
            if (pause := self._next_at - loop.time()) > 0:
                await asyncio.sleep(pause)
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            self._next_at = loop.time() + (self._apart if len(batch) > 1 else 0)
            await self._settle(batch)

    def _let_go(self, task: asyncio.Task[None]) -> None:
        """Nobody waits for what will not come: the task was cancelled, perhaps before it ran."""
        if task.cancelled():
            for _, waiting in self._waiting:
                waiting.cancel()
            self._waiting = []

    async def _settle(self, batch: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._do([item for item, _ in batch])
        except asyncio.CancelledError:
            for _, waiting in batch:
                waiting.cancel()
            raise
        except Exception as error:
            for _, waiting in batch:
                if not waiting.done():
                    waiting.set_exception(error)
        else:
            for (_, waiting), result in zip(batch, results, strict=True):
                if not waiting.done():
                    waiting.set_result(result)
