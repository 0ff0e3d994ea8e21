"""Counting what strangers do."""

import asyncio

from web.rates import MOST_KEPT, Delay, Places, Rate, Rates, Turns, address_block, counted_address

TEN = Rate("ten", 10, 10)


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_whole_limit_may_come_at_once_and_then_it_waits() -> None:
    seconds = Seconds()
    rates = Rates(seconds)
    assert [rates.take(TEN, "a") for _ in range(10)] == [0.0] * 10
    assert 0 < rates.take(TEN, "a") <= 1
    assert rates.take(TEN, "b") == 0
    seconds.now += 1
    assert rates.take(TEN, "a") == 0
    assert rates.take(TEN, "a") > 0


def test_a_cost_counts_for_what_it_is() -> None:
    rates = Rates(Seconds())
    assert rates.take(TEN, "a", 9) == 0
    assert rates.take(TEN, "a", 2) > 0
    assert rates.take(TEN, "a", 1) == 0


def test_a_flood_of_subjects_does_not_grow_for_ever() -> None:
    rates = Rates(Seconds())
    for number in range(MOST_KEPT + 10):
        rates.take(TEN, str(number))
    assert len(rates._full_again_at) <= MOST_KEPT


async def test_so_many_wait_for_their_refusal_and_whoever_comes_then_is_told_at_once() -> None:
    delay = Delay(3_600, most=2)
    held = [asyncio.create_task(delay.wait()) for _ in range(2)]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await delay.wait()
    assert not any(task.done() for task in held)
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    late = asyncio.create_task(delay.wait())
    await asyncio.sleep(0)
    assert not late.done(), "who went away has left a place"
    late.cancel()


def test_addresses_are_counted_by_network() -> None:
    assert counted_address("192.0.2.7") == "192.0.2.7/32"
    assert counted_address("2001:db8::1") == counted_address("2001:db8::2") == "2001:db8::/64"
    assert counted_address("::ffff:192.0.2.7") == "192.0.2.7/32"
    assert address_block("192.0.2.7") == "192.0.2.0/24"
    assert counted_address(None) == "unknown"


def test_places_are_so_many_and_come_back_when_they_are_left() -> None:
    places = Places()
    maya, tom, ada = [(("agent " + name, 2), ("office", 3)) for name in ("maya", "tom", "ada")]
    with places.taken(*maya) as first, places.taken(*maya) as second:
        assert first and second
        with places.taken(*maya) as third, places.taken(*tom) as other:
            assert (third, other) == (False, True)
            with places.taken(*ada) as late:
                assert not late
    with places.taken(*maya) as again:
        assert again
    assert not places._taken


async def test_who_comes_often_waits_for_themselves_and_not_before_others() -> None:
    turns, order = Turns(1), list[str]()

    async def take(subject: str, name: str) -> None:
        async with turns.of(subject):
            await asyncio.sleep(0)
            order.append(name)

    robots = [take("robot", f"robot {number}") for number in range(5)]
    await asyncio.gather(*robots, take("person", "person"))

    assert order.index("person") <= 1 and len(order) == 6
    assert not turns._of
