"""Passwords are expensive to guess, and guessing cannot take the machine down."""

import asyncio

import pytest

from inbox.errors import Invalid
from inbox.passwords import COMMON, Passwords, check_strength


@pytest.fixture
def cheap() -> Passwords:
    return Passwords(time_cost=1, memory_kib=64, parallelism=1)


async def test_a_hash_has_the_cost_that_rfc_9106_recommends_second() -> None:
    hashed = await Passwords().hash("walnut ferry umbrella 9")

    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_only_the_password_itself_matches(cheap: Passwords) -> None:
    hashed = await cheap.hash("walnut ferry umbrella 9")

    assert await cheap.verify(hashed, "walnut ferry umbrella 9")
    for wrong in ("walnut ferry umbrella 9 ", "Walnut ferry umbrella 9", "", "x" * 5_000, "\ud800"):
        assert not await cheap.verify(hashed, wrong)


async def test_nobody_signs_in_where_there_is_no_hash(cheap: Passwords) -> None:
    for stored in (None, "", "None", "$argon2id$broken"):
        assert not await cheap.verify(stored, "walnut ferry umbrella 9")
        assert not await cheap.verify(stored, "")


async def test_an_unknown_account_costs_as_many_rounds_as_a_known_one(
    cheap: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    matches = cheap._matches

    def counted(password_hash: str, password: str) -> bool:
        compared.append(password_hash)
        return matches(password_hash, password)

    monkeypatch.setattr(cheap, "_matches", counted)
    known = await cheap.hash("walnut ferry umbrella 9")
    await cheap.verify(known, "wrong")
    await cheap.verify(None, "wrong")

    assert [one.rpartition("$")[0].rpartition("$")[0] for one in compared] == [
        "$argon2id$v=19$m=64,t=1,p=1"
    ] * 2


async def test_no_more_than_two_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords(time_cost=1, memory_kib=64, parallelism=1)
    running, most = 0, 0

    async def slow(*_: object) -> bool:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _turn in range(5):
            await asyncio.sleep(0)
        running -= 1
        return False

    monkeypatch.setattr(asyncio, "to_thread", slow)
    await asyncio.gather(*(passwords.verify(None, "guess") for _ in range(20)))

    assert most == 2


@pytest.mark.parametrize(
    "password", ["", "short", "x" * 1025, "abababababab", *sorted(COMMON)[:5], "PasswordPassword"]
)
def test_what_a_list_finds_at_once_is_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_strength(password)

    assert refused.value.field == "password"


async def test_a_hash_of_weaker_times_is_noticed(cheap: Passwords) -> None:
    hashed = await cheap.hash("walnut ferry umbrella 9")

    assert Passwords().needs_rehash(hashed)
    assert not cheap.needs_rehash(hashed)
