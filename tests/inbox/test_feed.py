"""Who shows commits hears of them first; who does work hears of them too."""

import asyncio

from inbox.feed import Feed


async def test_whoever_shows_commits_is_rung_at_once_and_the_others_soon() -> None:
    feed = Feed()
    with feed.watch(first=True) as shows, feed.watch() as works:
        shows.clear()
        works.clear()

        feed.wake()

        assert (shows.is_set(), works.is_set()) == (True, False)
        async with asyncio.timeout(5):
            await works.wait()


async def test_a_later_commit_rings_again() -> None:
    feed = Feed()
    with feed.watch() as works:
        for _ in range(3):
            works.clear()
            feed.wake()
            feed.wake()
            async with asyncio.timeout(5):
                assert await works.wait()


async def test_everybody_catches_up_at_the_beginning() -> None:
    feed = Feed()
    with feed.watch(first=True) as shows, feed.watch() as works:
        assert shows.is_set() and works.is_set()
