"""Whatever the server does, each mail comes in once, nobody hammers, and it goes on by itself."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from channels.email import connection, fetching, receiver
from channels.email.receiver import FirstConnection, MailboxStateKind
from tests.channels.email.test_receiver import Store, account, mail, receiving
from tests.services.certificates import Certificate
from tests.services.hostile_imap import CAPABILITIES, Faults, HostileImap

ALL = FirstConnection(None)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same steps with shorter waits."""
    monkeypatch.setattr(connection, "READ_SECONDS", 0.5)
    monkeypatch.setattr(receiver, "LOOK_SECONDS", 0.3)
    monkeypatch.setattr(receiver, "LONGEST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(receiver, "FIRST_PAUSE_SECONDS", 0.01)


@pytest.fixture
async def server() -> AsyncIterator[HostileImap]:
    async with HostileImap().open() as opened:
        yield opened


@pytest.fixture
def store() -> Store:
    return Store()


def _cut(faults: Faults) -> None:
    faults.drop[3] = 2


def _stalled(faults: Faults) -> None:
    faults.stall[3] = 1


def _wrong_length(faults: Faults) -> None:
    faults.short[3] = 1


def _too_small(faults: Faults) -> None:
    faults.lies[3] = 1


def _too_large(faults: Faults) -> None:
    faults.lies[3] = 9_000_000


def _goodbye(faults: Faults) -> None:
    faults.bye.update({"FETCH": 2, "SELECT": 1, "SEARCH": 1, "IDLE": 1})


def _flooded(faults: Faults) -> None:
    faults.flood = 10_000_000


@pytest.mark.parametrize("spoil", [_cut, _stalled, _wrong_length, _too_small, _too_large, _goodbye, _flooded])
async def test_every_mail_comes_once_through_this(
    server: HostileImap, store: Store, spoil: Callable[[Faults], None]
) -> None:
    subjects = [f"mail {number}" for number in range(6)]
    await server.deliver(*(mail(subject, size=2_000) for subject in subjects[:3]))
    await server.deliver(*(mail(subject) for subject in subjects[3:]), gap=700_000)
    spoil(server.faults)

    async with receiving(store, account(server.url), first=ALL):
        await store.arrival(*subjects)
        await store.state(MailboxStateKind.IDLE)

    left = server.faults.drop + server.faults.stall + server.faults.short
    assert not left and server.faults.bye["FETCH"] == server.faults.flood == 0


async def test_a_mail_whose_size_is_a_lie_is_read_in_pieces(
    server: HostileImap, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "ANSWER_OCTETS", 2_000_000)
    monkeypatch.setattr(fetching, "GROUP_OCTETS", 500_000)
    await server.deliver(mail("before"), mail("large", size=4_000_000), mail("after"))
    server.faults.lies[2] = 10

    async with receiving(store, account(server.url), first=ALL):
        await store.arrival("before", "large", "after")

    assert [each.size > 4_000_000 for each in store.mails] == [False, True, False]


async def test_a_mail_at_which_the_connection_always_breaks_holds_nobody_up(
    server: HostileImap, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "BREAKS", 3)
    await server.deliver(mail("before"), mail("poison"), mail("after"))
    server.faults.drop[2] = 1_000

    async with receiving(store, account(server.url), first=ALL):
        await store.arrival("before", "", "after")

    unreadable = store.mails[1]
    assert "broke 3 times" in (unreadable.unreadable or "") and unreadable.content == b""
    assert server.fetched[2] == 3


async def test_a_connection_that_only_seems_to_stand_is_found_out(
    server: HostileImap, store: Store, tcp_proxy: Callable[..., object]
) -> None:
    proxy = await tcp_proxy(server.port)  # type: ignore[misc]
    async with receiving(store, account(server.url.replace(str(server.port), str(proxy.port))), first=ALL):
        await store.state(MailboxStateKind.IDLE)
        proxy.stall()
        await server.deliver(mail("meanwhile"))
        await store.state(MailboxStateKind.ERROR)
        proxy.resume()
        await store.arrival("meanwhile")
        assert store.subjects == ["meanwhile"]


async def test_a_server_that_tells_nothing_while_it_idles_is_asked_all_the_same(
    server: HostileImap, store: Store
) -> None:
    server.faults.deaf_idle = True
    async with receiving(store, account(server.url), first=ALL):
        await store.state(MailboxStateKind.IDLE)
        await server.deliver(mail("silent"))
        await store.arrival("silent")
        assert store.subjects == ["silent"]


@pytest.mark.parametrize("capabilities", [CAPABILITIES.replace(" IDLE", ""), "IMAP4rev1"])
async def test_a_server_without_idle_serves_as_well(
    server: HostileImap, store: Store, capabilities: str
) -> None:
    server.capabilities = capabilities
    async with receiving(store, account(server.url), first=ALL):
        await store.state(MailboxStateKind.IDLE)
        await server.deliver(mail("new"))
        await store.arrival("new")
        assert store.subjects == ["new"]


async def test_everything_that_came_while_it_was_away_is_read(server: HostileImap, store: Store) -> None:
    await server.deliver(mail("first"))
    subjects = [f"mail {number}" for number in range(500)]
    async with receiving(store, account(server.url), first=ALL):
        await store.arrival("first")
        await server.go_offline()
        await store.state(MailboxStateKind.ERROR)
        await server.deliver(*map(mail, subjects))
        await server.go_online()
        await store.arrival("first", *subjects)

    assert set(Counter(store.subjects).values()) == {1}


async def test_a_folder_with_a_new_index_is_read_on_and_what_was_read_is_handed_over_to_be_known(
    server: HostileImap, store: Store
) -> None:
    await server.deliver(mail("one"), mail("two"), gap=10)
    async with receiving(store, account(server.url), first=ALL):
        await store.arrival("one", "two")
        server.make_anew()
        await server.deliver(mail("three"))
        await store.arrival("one", "one", "two", "two", "three")  # further in, content tells what is known

    assert store.position is not None
    assert (store.position.uid_validity, store.position.last_uid) == (2, 3)


async def test_a_refused_login_is_not_repeated(server: HostileImap, store: Store) -> None:
    server.faults.refuse_logins = 1_000
    async with receiving(store, account(server.url)):
        state = await store.state(MailboxStateKind.AUTH_FAILED)
        await asyncio.sleep(0.5)

    assert "refused the user name or password" in state.text
    assert len(server.logins) == 1


async def test_a_server_that_hangs_up_at_once_is_not_hammered(
    server: HostileImap, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "LONGEST_PAUSE_SECONDS", 60.0)
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    server.faults.bye["SELECT"] = 1_000
    async with receiving(store, account(server.url)):
        await asyncio.sleep(1.5)

    assert len(server.logins) <= 8  # each pause is twice the one before: 0.01 s, 0.02 s, …


async def test_a_server_that_breaks_off_again_and_again_but_is_read_is_come_back_to_soon(
    server: HostileImap, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ceilings: list[float] = []

    def shortest(low: float, high: float) -> float:
        ceilings.append(high)
        return low

    monkeypatch.setattr("random.uniform", shortest)
    monkeypatch.setattr(receiver, "LONGEST_PAUSE_SECONDS", 300.0)
    server.faults.bye["IDLE"] = 20
    async with receiving(store, account(server.url)):
        await store.state(MailboxStateKind.IDLE)
        await server.first_login()

    assert len(ceilings) == 20 and max(ceilings) == receiver.LONGEST_HOPEFUL_SECONDS < 60


@pytest.mark.parametrize("implicit", [True, False])
async def test_a_certificate_that_has_run_out_is_said_and_costs_no_password(
    store: Store, tmp_path: Path, certificate: Certificate, implicit: bool
) -> None:
    old = Certificate.self_signed(tmp_path / "old", expired=True)
    shown = old.server_context()
    trust = certificate.client_context(old)
    async with (
        HostileImap(tls=shown, implicit=implicit).open() as server,
        receiving(store, account(server.url), first=ALL, tls=trust),
    ):
        state = await store.state(MailboxStateKind.ERROR)
        await store.state(MailboxStateKind.ERROR, after=len(store.states))  # tried again
        assert server.logins == []
        certificate.take_over(shown)
        await server.deliver(mail("after"))
        await store.arrival("after")

    assert "certificate has expired" in state.text and "\n" not in state.text


@pytest.mark.parametrize("host", ["imap.invalid", "127.0.0.1:1"])
async def test_a_server_that_cannot_be_found_is_said_and_tried_again(store: Store, host: str) -> None:
    async with receiving(store, account(f"imap://jane@{host}")):
        state = await store.state(MailboxStateKind.ERROR)
        await store.state(MailboxStateKind.ERROR, after=len(store.states))

    assert "could not be reached" in state.text
