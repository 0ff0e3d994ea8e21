"""Ending the server with `kill -9` while mail comes in, again and again, and looking at what became of it."""

import asyncio
from collections import defaultdict
from email.message import EmailMessage

from tests.services.correspondence import mail
from tests.services.dovecot import DovecotServer
from tests.services.server import RunningServer

MAILS_EACH = 5  # of every sender, each an answer to the one before


def threads_of_mail(count: int) -> list[EmailMessage]:
    """So many mails, of many senders by turns; each but a sender's first refers to the ones before."""
    written: dict[int, list[str]] = defaultdict(list)
    mails = []
    for number in range(count):
        sender = number % (count // MAILS_EACH)
        references = tuple(written[sender])
        subject = f"Re: Order {sender}" if references else f"Order {sender}"
        made = mail(f"c{sender}@norte.test", subject, f"Mail {number} of all", references=references)
        written[sender].append(made["Message-ID"])
        mails.append(made)
    return mails


async def deliver_through_crashes(
    server: RunningServer, dovecot: DovecotServer, user: str, mails: list[EmailMessage], *, kills: int
) -> None:
    """Deliver the mails, and kill the server as often while it stores and files them; ends when all are
    filed."""
    share = -(-len(mails) // (kills + 1))
    left = 0
    for n in range(kills + 1):
        batch = mails[n * share : (n + 1) * share]
        for each in batch:
            dovecot.deliver(user, each.as_bytes())
        if n == kills:
            break
        # By turns as soon as something was stored, and in the middle of the filing; what is left comes on top
        # of the next batch.
        if n % 2:
            await _until(server, "intake_records", n * share + 1)
        else:
            await _until(server, "messages", n * share + len(batch) // 3)
        await server.crash()
        left += n * share + len(batch) - _count(server, "messages")
        await server.start()
    await _until(server, "messages", len(mails))
    assert left, "no crash came while there was something to do, so this shows nothing"


async def _until(server: RunningServer, table: str, count: int) -> None:
    async with asyncio.timeout(60):
        # From outside, and often: the API would be asked of what is about to be killed.
        while _count(server, table) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def _count(server: RunningServer, table: str) -> int:
    return int(server.rows(f"SELECT count(*) FROM {table}")[0][0])


def check_that_all_came_once(server: RunningServer, mails: list[EmailMessage]) -> None:
    """Every mail is a message exactly once, and stands in the strand and conversation of its sender."""
    rows = server.rows("SELECT external_id, strand_id, conversation_id FROM messages")
    ids = [str(row[0]).strip("<>") for row in rows]
    assert sorted(ids) == sorted(str(each["Message-ID"]).strip("<>") for each in mails)
    strand_of = {external_id: row[1] for external_id, row in zip(ids, rows, strict=True)}
    for each in mails:
        here = strand_of[str(each["Message-ID"]).strip("<>")]
        for reference in str(each["References"] or "").split():
            assert strand_of[reference.strip("<>")] == here, f"{each['Subject']}: torn apart"
    senders = {each["From"] for each in mails}
    assert len({conversation for *_, conversation in rows}) == len(senders) == len(set(strand_of.values()))
    assert server.rows("SELECT count(*) FROM customers") == [(len(senders),)]
    assert server.rows("SELECT state, count(*) FROM intake_records GROUP BY state") == [("filed", len(mails))]
