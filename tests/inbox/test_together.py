"""What many ask for at the same moment is done in few batches, and each gets its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from inbox.together import Together


class _Desk:
    """Doubles numbers, batch by batch, once its gate is open; refuses a batch with a zero in it."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()

    async def do(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        await self.gate.wait()
        if 0 in numbers:
            raise ZeroDivisionError("zero")
        return [2 * number for number in numbers]


async def _ask(together: Together[int, int], desk: _Desk, numbers: Sequence[int]) -> list[asyncio.Task[int]]:
    asked = [asyncio.create_task(together.add(number)) for number in numbers]
    while not desk.batches:  # noqa: ASYNC110 - the desk is asked in the next rounds of the loop
        await asyncio.sleep(0)
    return asked


async def test_the_first_begins_alone_and_those_who_come_meanwhile_go_together() -> None:
    desk = _Desk()
    together = Together(desk.do, most=3)
    first = await _ask(together, desk, [1])
    later = await _ask(together, desk, [2, 3, 4, 5])
    await asyncio.sleep(0)
    desk.gate.set()
    assert await asyncio.gather(*first, *later) == [2, 4, 6, 8, 10]
    assert desk.batches == [[1], [2, 3, 4], [5]]


async def test_a_batch_that_fails_tells_its_own_and_spares_the_next() -> None:
    desk = _Desk()
    together = Together(desk.do, most=2)
    asked = [*await _ask(together, desk, [1]), *await _ask(together, desk, [0, 2, 3])]
    await asyncio.sleep(0)
    desk.gate.set()
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [told[0], told[3]] == [2, 6]
    assert isinstance(told[1], ZeroDivisionError) and isinstance(told[2], ZeroDivisionError)


async def test_who_no_longer_waits_takes_nothing_back() -> None:
    desk = _Desk()
    together = Together(desk.do, most=2)
    (gone,) = await _ask(together, desk, [1])
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    desk.gate.set()
    assert await together.add(4) == 8
    assert desk.batches == [[1], [4]]


async def test_batches_of_a_crowd_keep_their_distance_and_nobody_waits_in_a_quiet_hour() -> None:
    desk, began = _Desk(), []
    desk.gate.set()
    loop = asyncio.get_running_loop()

    async def do(numbers: Sequence[int]) -> list[int]:
        began.append(loop.time())
        return await desk.do(numbers)

    together = Together(do, most=64, apart=0.2)
    asked_at = loop.time()
    assert [await together.add(1), await together.add(2)] == [2, 4]
    assert began[1] - asked_at < 0.2, "those who come alone are not kept waiting"
    assert await asyncio.gather(*map(together.add, (3, 4, 5))) == [6, 8, 10]
    assert await asyncio.gather(*map(together.add, (6, 7))) == [12, 14]

    assert desk.batches == [[1], [2], [3, 4, 5], [6, 7]]
    assert began[3] - began[2] >= 0.2


async def test_who_waits_between_two_batches_is_let_go_with_them() -> None:
    desk = _Desk()
    desk.gate.set()
    together = Together(desk.do, most=64, apart=60)
    await asyncio.gather(together.add(1), together.add(3))
    waiting = asyncio.create_task(together.add(2))
    await asyncio.sleep(0)
    for task in asyncio.all_tasks():
        if task.get_name() == "together":
            task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
