"""Mail reaches us once it is there: through restarts, bad networks, deletions and wrong passwords."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels.email.mailbox import FetchedMail, Position
from channels.email.receiver import FirstConnection, MailboxReceiver, MailboxState, MailboxStateKind
from inbox.envelopes import Account
from inbox.errors import Invalid
from tests.services.dovecot import DovecotServer
from tests.services.proxy import TcpProxy

NOW, ALL = FirstConnection(0), FirstConnection(None)
OpenProxy = Callable[[int], Awaitable[TcpProxy]]


class Store:
    """What the core would keep: mails and the position, changed together."""

    def __init__(self) -> None:
        self.subjects: list[str] = []
        self.mails: list[FetchedMail] = []
        self.position: Position | None = None
        self.states: list[MailboxState] = []
        self.failures = 0
        self._changed = asyncio.Condition()
        self._reported = asyncio.Event()

    async def accept(self, batch: Sequence[FetchedMail], position: Position) -> None:
        if batch and self.failures:
            self.failures -= 1
            raise OSError("disk full")
        async with self._changed:
            self.mails += batch
            self.subjects += [subject(mail) for mail in batch]
            self.position = position
            self._changed.notify_all()

    async def load(self) -> Position | None:
        return self.position

    def report(self, state: MailboxState) -> None:
        self.states.append(state)
        self._reported.set()

    async def arrival(self, *subjects: str, seconds: float = 20) -> None:
        """Wait until exactly these have come since the start, in any order."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: len(self.subjects) >= len(subjects))
        assert sorted(self.subjects) == sorted(subjects)

    async def state(self, kind: MailboxStateKind, *, after: int = 0, seconds: float = 20) -> MailboxState:
        """The first state of this kind after so many others."""
        async with asyncio.timeout(seconds):
            while not (found := [state for state in self.states[after:] if state.kind is kind]):
                self._reported.clear()
                await self._reported.wait()
        return found[0]


def subject(mail: FetchedMail) -> str:
    raw = mail.path.read_bytes() if mail.path else mail.content
    return raw.split(b"\r\n")[0].removeprefix(b"Subject: ").decode()


def mail(subject: str, size: int = 0) -> bytes:
    return f"Subject: {subject}\r\n\r\nHello\r\n".encode() + b"x" * size


def files_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


def account(url: str, password: str = "pw") -> Account:
    return Account(
        channel_id=1, name="Support", address="s@x.example", imap_url=url, smtp_url=None, password=password
    )


@pytest.fixture
def user(dovecot: DovecotServer) -> str:
    return dovecot.new_user()


@pytest.fixture
def store() -> Store:
    return Store()


@asynccontextmanager
async def receiving(
    store: Store,
    where: Account,
    *,
    first: FirstConnection = NOW,
    directory: Path | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[MailboxReceiver]:
    receiver = MailboxReceiver(
        where,
        accept=store.accept,
        load_position=store.load,
        report=store.report,
        first_connection=first,
        directory=directory,
        tls=tls,
    )
    running = asyncio.create_task(receiver.run())
    try:
        yield receiver
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_new_mail_arrives_within_two_seconds(dovecot: DovecotServer, user: str, store: Store) -> None:
    async with receiving(store, account(dovecot.url(user))):
        await store.state(MailboxStateKind.IDLE)
        await asyncio.to_thread(dovecot.deliver, user, mail("hello"))
        await store.arrival("hello", seconds=2)

        assert [state.kind for state in store.states[:2]] == [
            MailboxStateKind.CONNECTED,
            MailboxStateKind.IDLE,
        ]


@pytest.mark.parametrize("implicit", [True, False])
async def test_new_mail_arrives_over_tls_as_well(
    dovecot: DovecotServer, user: str, store: Store, implicit: bool
) -> None:
    trust = dovecot.certificate.client_context()
    async with receiving(store, account(dovecot.url(user, tls=implicit)), tls=trust):
        await store.state(MailboxStateKind.IDLE)
        await asyncio.to_thread(dovecot.deliver, user, mail("large", 3_000_000))
        await store.arrival("large")
        await asyncio.to_thread(dovecot.deliver, user, mail("small"))
        await store.arrival("large", "small")
        assert store.subjects == ["large", "small"]


async def test_what_was_stored_is_marked_as_seen(dovecot: DovecotServer, user: str, store: Store) -> None:
    async with receiving(store, account(dovecot.url(user))):
        await store.state(MailboxStateKind.IDLE)
        idle = len(store.states)
        await asyncio.to_thread(dovecot.append, user, mail("hello"))
        await store.arrival("hello")
        await store.state(MailboxStateKind.IDLE, after=idle)

    assert dovecot.flags(user) == [("\\Seen",)]


async def test_from_now_on_means_the_same_after_a_restart(
    dovecot: DovecotServer, user: str, store: Store
) -> None:
    dovecot.append(user, mail("old"))
    async with receiving(store, account(dovecot.url(user))):
        await store.state(MailboxStateKind.IDLE)
    dovecot.append(user, mail("meanwhile"))

    async with receiving(store, account(dovecot.url(user))):
        await store.arrival("meanwhile")

    assert not store.mails[0].history


async def test_everything_that_lay_there_comes_as_history(
    dovecot: DovecotServer, user: str, store: Store
) -> None:
    for number in range(70):
        dovecot.append(user, mail(f"old {number}"))

    async with receiving(store, account(dovecot.url(user)), first=ALL):
        await store.arrival(*(f"old {number}" for number in range(70)))
        await asyncio.to_thread(dovecot.append, user, mail("new"))
        await store.arrival(*(f"old {number}" for number in range(70)), "new")

    assert [item.history for item in store.mails] == [True] * 70 + [False]
    assert dovecot.flags(user)[0] == ()


async def test_the_last_days_come_as_history(dovecot: DovecotServer, user: str, store: Store) -> None:
    with dovecot.login(user) as imap:
        for days in (30, 2):
            when = datetime.now(UTC) - timedelta(days=days)
            imap.append("INBOX", "", f'"{when:%d-%b-%Y %H:%M:%S} +0000"', mail(f"{days} days ago"))

    async with receiving(store, account(dovecot.url(user)), first=FirstConnection(7)):
        await store.arrival("2 days ago")

    assert store.mails[0].history


async def test_mail_is_handed_over_again_until_it_is_stored(
    dovecot: DovecotServer, user: str, store: Store
) -> None:
    dovecot.append(user, mail("hello"))
    store.failures = 1

    async with receiving(store, account(dovecot.url(user)), first=ALL):
        await store.arrival("hello")

    assert MailboxStateKind.ERROR in {state.kind for state in store.states}
    assert "stays on the mail server" in next(
        s.text for s in store.states if s.kind is MailboxStateKind.ERROR
    )


async def test_a_restarted_server_is_found_again(dovecot: DovecotServer, user: str, store: Store) -> None:
    async with receiving(store, account(dovecot.url(user))):
        await store.state(MailboxStateKind.IDLE)
        await asyncio.to_thread(dovecot.restart)
        await asyncio.to_thread(dovecot.append, user, mail("after"))
        await store.arrival("after")
        assert store.subjects == ["after"]


async def test_a_cut_connection_loses_nothing(
    dovecot: DovecotServer, user: str, store: Store, tcp_proxy: OpenProxy
) -> None:
    proxy = await tcp_proxy(dovecot.port)
    async with receiving(store, account(f"imap://{user}@127.0.0.1:{proxy.port}")):
        await store.state(MailboxStateKind.IDLE)
        await asyncio.to_thread(dovecot.append, user, mail("large", 3_000_000))
        proxy.cut_after(2_000_000)
        await store.state(MailboxStateKind.ERROR)
        await asyncio.to_thread(dovecot.append, user, mail("small"))
        await store.arrival("large", "small")

    assert store.mails[0].size == len(mail("large", 3_000_000))


async def test_a_server_that_was_away_is_tried_calmly(
    dovecot: DovecotServer, user: str, store: Store, tcp_proxy: OpenProxy
) -> None:
    proxy = await tcp_proxy(dovecot.port)
    async with receiving(store, account(f"imap://{user}@127.0.0.1:{proxy.port}")) as receiver:
        await store.state(MailboxStateKind.IDLE)
        await proxy.refuse()
        proxy.cut()
        await asyncio.to_thread(dovecot.append, user, mail("meanwhile"))
        before = len(store.states)
        await store.state(MailboxStateKind.ERROR, after=before)
        await proxy.accept()
        receiver.reconnect()
        await store.arrival("meanwhile")

    assert proxy.accepted < 5


async def test_deletions_in_between_do_no_harm(dovecot: DovecotServer, user: str, store: Store) -> None:
    for number in range(4):
        dovecot.append(user, mail(f"{number}"))
    with dovecot.login(user) as imap:
        imap.select("INBOX")
        imap.store("1,3", "+FLAGS", r"(\Deleted)")
        imap.expunge()

    async with receiving(store, account(dovecot.url(user)), first=ALL):
        await store.arrival("1", "3")
        await asyncio.to_thread(dovecot.append, user, mail("4"))
        await store.arrival("1", "3", "4")
        assert store.subjects[-1] == "4"


async def test_a_folder_made_anew_is_read_again(dovecot: DovecotServer, user: str, store: Store) -> None:
    async with receiving(store, account(dovecot.url(user))):
        await store.state(MailboxStateKind.IDLE)
        await asyncio.to_thread(dovecot.append, user, mail("before"))
        await store.arrival("before")
    first = store.position
    assert first is not None

    dovecot.recreate(user)
    dovecot.append(user, mail("before"))
    dovecot.append(user, mail("after"))
    async with receiving(store, account(dovecot.url(user))):
        await store.arrival("before", "before", "after")

    assert store.position is not None
    assert store.position.uid_validity != first.uid_validity
    assert store.position.connected_at == first.connected_at
    assert [item.history for item in store.mails] == [False] * 3


async def test_old_mail_of_a_folder_made_anew_is_left_where_it_is(
    dovecot: DovecotServer, user: str, store: Store
) -> None:
    async with receiving(store, account(dovecot.url(user))):
        await store.state(MailboxStateKind.IDLE)
    dovecot.recreate(user)
    with dovecot.login(user) as imap:
        imap.append("INBOX", "", '"01-Jan-2020 12:00:00 +0000"', mail("old"))
    dovecot.append(user, mail("new"))

    async with receiving(store, account(dovecot.url(user))):
        await store.arrival("new")
        assert store.subjects == ["new"]


async def test_uids_that_begin_again_are_noticed_without_another_uidvalidity(
    dovecot: DovecotServer, user: str, store: Store
) -> None:
    dovecot.append(user, mail("hello"))
    store.position = Position(dovecot.uidvalidity(user), 500)

    async with receiving(store, account(dovecot.url(user))):
        await store.arrival("hello")
        assert store.position.last_uid < 500


async def test_a_wrong_password_is_shown_and_not_tried_again(
    dovecot: DovecotServer, user: str, store: Store, tcp_proxy: OpenProxy
) -> None:
    proxy = await tcp_proxy(dovecot.port)
    where = replace(account(f"imap://{user}@127.0.0.1:{proxy.port}"), password="wrong")

    async with receiving(store, where) as receiver:
        refused = await store.state(MailboxStateKind.AUTH_FAILED)
        assert "refused" in refused.text
        receiver.reconnect()
        await store.state(MailboxStateKind.AUTH_FAILED, after=len(store.states))

    assert proxy.accepted == 2


async def test_stopping_takes_no_time_while_it_waits_for_mail(
    dovecot: DovecotServer, user: str, store: Store
) -> None:
    async with receiving(store, account(dovecot.url(user))):
        await store.state(MailboxStateKind.IDLE)
        began = time.monotonic()

    assert time.monotonic() - began < 1


async def test_stopping_does_not_wait_for_a_server_that_does_not_greet(store: Store) -> None:
    silent: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    server = await asyncio.start_server(lambda _, writer: silent.put_nowait(writer), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with receiving(store, account(f"imap://jane@127.0.0.1:{port}")):
            connection = await asyncio.wait_for(silent.get(), 10)
            began = time.monotonic()
        taken = time.monotonic() - began
        connection.transport.abort()

    assert taken < 2


async def test_no_file_is_left_behind(
    dovecot: DovecotServer, user: str, store: Store, tmp_path: Path
) -> None:
    dovecot.append(user, mail("large", 2_000_000))

    async with receiving(store, account(dovecot.url(user)), first=ALL, directory=tmp_path):
        await store.arrival("large")

    assert files_in(tmp_path) == []


@pytest.mark.parametrize(("text", "days"), [("now", 0), ("all", None), ("30", 30)])
def test_the_first_connection_is_said_in_a_word(text: str, days: int | None) -> None:
    assert FirstConnection.parse(text).days == days


@pytest.mark.parametrize("text", ["", "never", "-1", "1.5", "9" * 20, "٣"])
def test_another_word_for_it_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        FirstConnection.parse(text)
