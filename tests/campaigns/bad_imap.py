"""A mailbox through everything that IMAP servers and networks do to it, and a long time offline.

.venv/bin/python -m pytest tests/campaigns/bad_imap.py

As it stands it takes two to three minutes: each kind of fault comes once. The whole campaign is

MAILS=1000 BATCHES=21 BACKLOG=5000 RESTARTS=5 .venv/bin/python -m pytest tests/campaigns/bad_imap.py

MAILS come in bad weather in so many BATCHES, each with a fault of its own kind, in an order that SEED
decides; BACKLOG wait after the silence. What takes long are the product's own waits: a server that falls
silent is given up after 30 seconds, one that tells nothing is asked again after 28, and pauses after faults
grow to 45. A short form stands in tests/channels/email/test_hostile_imap.py. Nothing collects this file by
itself.
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.services.correspondence import SUPPORT, connect_mailbox, mail
from tests.services.dovecot import DovecotServer
from tests.services.hostile_imap import HostileImap
from tests.services.server import RunningServer, running_server
from tests.services.smtp import SmtpSink

MAILS = int(os.environ.get("MAILS", "140"))
BACKLOG = int(os.environ.get("BACKLOG", "300"))
SEED = int(os.environ.get("SEED", "7"))
BATCHES = int(os.environ.get("BATCHES", "7"))
RESTARTS = int(os.environ.get("RESTARTS", "2"))
BETWEEN_RESTARTS = 40  # mails
KINDS = ("drop", "short", "lie", "bye", "flood", "deaf", "stall")
SECONDS_EACH = 0.2  # for a mail of the backlog, on a machine that others use, too
LOGINS_EVERY = 10.0  # seconds; more often would be hammering


@pytest.fixture
async def server(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path, migrated_sqlite) as running:
        yield running


@pytest.mark.slow
async def test_every_mail_comes_once_through_bad_weather_and_a_long_silence(server: RunningServer) -> None:
    weather = random.Random(SEED)
    wanted: list[str] = []
    async with HostileImap().open() as imap:
        command = ("channel", "add", "email", "Support", "--address", SUPPORT, "--imap", imap.url)
        await asyncio.to_thread(server.cli, *command, "--password-stdin", stdin="pw\n")
        await imap.first_login()
        began = time.monotonic()
        for number, kind in enumerate(_kinds(weather), 1):
            gap = weather.choice((0, 0, 3, 600_000))
            _spoil(imap, kind, gap, weather)
            wanted += await _deliver(imap, MAILS // BATCHES, gap=gap)
            if number % 10 == 0:
                await imap.go_offline()
                await asyncio.sleep(weather.random() * 3)
                await imap.go_online()
            await _until_filed(server, len(wanted))
            _tell(f"{kind}, gap {gap}", began, imap)
        imap.faults.deaf_idle = False
        imap.make_anew()
        wanted += await _deliver(imap, 50)
        await _until_filed(server, len(wanted))
        _tell("made anew", began, imap)
        storm = time.monotonic() - began
        logins = len(imap.logins)

        await imap.go_offline()
        wanted += await _deliver(imap, BACKLOG)
        await asyncio.sleep(10)
        await imap.go_online()
        back = time.monotonic()
        while len(imap.logins) == logins:  # noqa: ASYNC110  (the server tells nobody)
            await asyncio.sleep(0.1)
        assert time.monotonic() - back < 60
        await _until_filed(server, len(wanted), seconds=max(240, BACKLOG * SECONDS_EACH))
        _tell("back after the silence", began, imap)

    assert sorted(_filed(server)) == sorted(wanted)
    # Each fault costs a connection, so only what is beyond them counts.
    assert logins <= 4 * BATCHES + storm / LOGINS_EVERY, f"{logins} logins in {storm:.0f} seconds"


@pytest.mark.slow
async def test_a_real_server_that_restarts_all_the_time_loses_nothing(
    server: RunningServer, dovecot: DovecotServer, smtp_sink: SmtpSink
) -> None:
    user = await connect_mailbox(server, dovecot, smtp_sink)
    wanted = []
    for number in range(RESTARTS * BETWEEN_RESTARTS):
        made = mail(f"c{number % 20}@norte.test", f"Mail {number}", f"Words {number}")
        dovecot.deliver(user, made.as_bytes())
        wanted.append(str(made["Message-ID"]).strip("<>"))
        if number % BETWEEN_RESTARTS == BETWEEN_RESTARTS // 2:
            await asyncio.to_thread(dovecot.restart)
    await _until_filed(server, len(wanted))

    assert sorted(_filed(server)) == sorted(wanted)


def _kinds(weather: random.Random) -> list[str]:
    """A kind of fault for each batch, all of them equally often."""
    kinds: list[str] = []
    while len(kinds) < BATCHES:
        kinds += weather.sample(KINDS, len(KINDS))
    return kinds[:BATCHES]


def _spoil(imap: HostileImap, kind: str, gap: int, weather: random.Random) -> None:
    """What goes wrong with the next mails; their UIDs are *gap* apart."""
    faults = imap.faults
    uid = imap.next_uid + gap + weather.randrange(min(10, MAILS // BATCHES)) * (gap + 1)
    faults.deaf_idle = kind == "deaf"
    match kind:
        case "drop":
            faults.drop[uid] += 2
        case "short":
            faults.short[uid] += 1
        case "lie":
            faults.lies[uid] = weather.choice((1, 3_000_000))
        case "bye":
            faults.bye.update((weather.choice(("FETCH", "SELECT", "SEARCH", "IDLE")),))
        case "flood":
            faults.flood = 10_000_000
        case "stall":
            faults.stall[uid] += 1


def _tell(what: str, began: float, imap: HostileImap) -> None:
    print(f"{time.monotonic() - began:6.1f} s, {len(imap.logins):3} logins: {what}", flush=True)


async def _deliver(imap: HostileImap, count: int, gap: int = 0) -> list[str]:
    made = [
        mail(f"c{number % 50}@norte.test", f"Order {number}", f"Words {number}") for number in range(count)
    ]
    await imap.deliver(*(each.as_bytes() for each in made), gap=gap)
    return [str(each["Message-ID"]).strip("<>") for each in made]


async def _until_filed(server: RunningServer, count: int, *, seconds: float = 150) -> None:
    async with asyncio.timeout(seconds):
        while len(_filed(server)) < count:  # noqa: ASYNC110  (looked at from outside)
            await asyncio.sleep(0.3)


def _filed(server: RunningServer) -> list[str]:
    return [str(row[0]).strip("<>") for row in server.rows("SELECT external_id FROM messages")]
