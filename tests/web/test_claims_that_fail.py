"""What a stranger may claim, and must not get by it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import websockets
from sqlalchemy import select

from inbox.blobs import BlobStore
from inbox.config import Settings
from inbox.db import Database
from inbox.ids import public_id
from inbox.models import Case, Channel, Claim, Customer, Merge, Message, Suggestion
from tests.builders import (
    KEYS,
    a_conversation,
    a_customer,
    a_form_channel,
    a_mailbox_channel,
    a_webchat_channel,
    an_identity,
)
from tests.services.visiting import SHOP, Site, webchat_site
from tests.web.conftest import Person
from tests.web.live.tabs import Tab, open_desk
from tests.web.live.test_socket import Office, staffed
from tests.web.test_webchat import identity
from web.installation import Installation
from web.live import socket as socket_module

ANA = "ana@mail.example"
SECRET = "My account number is 7"
ATTACKS = Path(__file__).parents[3] / "shared" / "data" / "attacks" / "ws_frames.jsonl"


@pytest.fixture
async def site(settings: Settings, sqlite_database: Database, blobs: BlobStore) -> AsyncIterator[Site]:
    """A chat on a shop's page; Ana has written by mail before."""
    async with sqlite_database.transaction() as session:
        await a_mailbox_channel(session)
        ana = await a_customer(session)
        known = await an_identity(session, ana, ANA)
        await a_conversation(session, customer=ana, identity=known, text=SECRET)
    async with webchat_site(settings, sqlite_database, blobs, origins=[SHOP]) as served:
        yield served


async def test_a_token_opens_its_own_channel_alone_and_no_letter_of_it_may_differ(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text="Words of one visitor")
        await panel.shows("Words of one visitor")
        token = panel.token
    async with site.database.transaction() as session:
        other = await a_webchat_channel(session)
    head, bits, seal = token.split(".")
    forged = [
        f"{head}.{bits}.{'0' * 32}",
        f"{head}.{bits[::-1]}.{seal}",
        f"{head}.{bits}",
        "v1..",
        token + "0",
    ]
    async with httpx2.AsyncClient() as http:
        for shown in forged:
            headers = {"Origin": SHOP, "Authorization": f"Bearer {shown}"}
            answer = await http.get(f"{site.path}/messages", headers=headers)
            assert "Words of one visitor" not in answer.text
        elsewhere = f"{site.base}/widget/{other.public_key}/messages"
        answer = await http.get(elsewhere, headers={"Authorization": f"Bearer {token}"})
        assert "Words of one visitor" not in answer.text


@pytest.mark.parametrize(
    "replay",
    [
        "on another channel",
        "after its end",
        "with another email",
        "as somebody else",
        "with a removed secret",
    ],
)
async def test_a_signature_that_somebody_copied_proves_nothing_else(site: Site, replay: str) -> None:
    copied = identity(site, "u-1", email="new@mail.example")
    if replay == "on another channel":
        async with site.database.transaction() as session:
            other = await a_webchat_channel(session)
            other.secrets = (await session.get_one(Channel, site.channel.id)).secrets
        site = Site(site.base, other, site.agent, site.database, site.visiting)
    elif replay == "after its end":
        copied["expires"] -= 700
    elif replay == "with another email":
        copied["email"] = ANA
    elif replay == "as somebody else":
        copied["id"] = "u-2"
    else:
        async with site.database.transaction() as session:
            stored = await session.get_one(Channel, site.channel.id)
            stored.secrets = KEYS.seal(json.dumps({"identity_secrets": ["a newer secret"]}))
    async with site.panel() as panel:
        await panel.say(**copied)
        refused = await panel.until("t", "refused")
    assert refused["what"] == "identify"
    assert await site.count(Merge) == 0


async def test_a_signed_email_of_somebody_else_does_not_open_their_mail_to_a_known_user(site: Site) -> None:
    async with site.panel() as first:
        await first.say(**identity(site, "u-1"))
        await first.until("t", "ready")
        await first.say(t="message", client_id="c" * 16, text="I am user one")
        await first.shows("I am user one")
    async with site.panel() as panel:
        await panel.say(**identity(site, "u-1", email=ANA))
        await panel.until("t", "ready")
        frame = await panel.until("reset")
    assert SECRET not in frame["html"] and "I am user one" in frame["html"]
    assert await site.count(Merge) == 0 and await site.count(Claim) == 1


async def test_a_channel_that_requires_signatures_takes_no_word_of_the_page(site: Site) -> None:
    await site.change(identity_required=True)
    async with site.panel() as panel:
        for claim in ({"email": ANA}, {"id": "u-1"}, {"id": "u-1", "email": ANA, "signature": ""}):
            await panel.say(t="identify", **claim)
            assert "needs a signature" in (await panel.until("t", "refused"))["error"]
    assert await site.count(Claim) == 0


async def test_typing_an_address_or_a_wrong_code_shows_no_mail_and_joins_nobody(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text="It is me")
        await panel.shows("It is me")
        await panel.say(t="email", email=ANA)
        await panel.until("t", "ready")
    async with site.panel(panel.token) as again:
        html = (await again.until("reset"))["html"]
    assert SECRET not in html and "It is me" in html
    assert await site.count(Merge) == 0 and await site.count(Suggestion) == 1


async def test_a_typed_address_in_a_form_files_with_its_owner_and_tells_the_typist_nothing(
    site: Site,
) -> None:
    async with site.database.transaction() as session:
        form = await a_form_channel(session)
        visitors = await a_form_channel(session)
    async with httpx2.AsyncClient() as http:
        known = await http.post(f"{site.base}/forms/{form.public_key}", json={"email": ANA, "message": "x"})
        unknown = await http.post(
            f"{site.base}/forms/{visitors.public_key}", json={"email": "no@body.example", "message": "x"}
        )
    assert known.status_code == unknown.status_code == 202
    assert set(known.json()) == set(unknown.json()) == {"id"}
    assert len(known.json()["id"]) == len(unknown.json()["id"])
    async with site.database.reading() as session:
        filed = (await session.scalars(select(Message).where(Message.author_address == ANA))).all()
        case = await session.get_one(Case, filed[-1].case_id)
    assert case.claimed and await site.count(Customer) == 2


@pytest.mark.parametrize(
    "email",
    [
        "ana@mail.example\r\nBcc: victim@mail.example",
        "ana@mail.example, victim@mail.example",
        "ana@mail.example;victim@mail.example",
        '"ana@mail.example" <victim@mail.example>',
        "|/bin/sh@mail.example",
    ],
)
async def test_an_address_that_is_more_than_one_is_none(site: Site, email: str) -> None:
    async with site.database.transaction() as session:
        form = await a_form_channel(session)
    async with httpx2.AsyncClient() as http:
        answer = await http.post(
            f"{site.base}/forms/{form.public_key}", json={"email": email, "message": "x"}
        )
    assert answer.status_code == 422
    assert await site.count(Message) == 1  # the mail that stood there before


async def test_guessing_ids_finds_nothing_and_learns_nothing(site: Site) -> None:
    async with site.database.transaction() as session:
        form = await a_form_channel(session)
        off = await a_form_channel(session)
        off.deactivated_at = off.created_at
    keys = [public_id() for _ in range(200)]
    keys += [off.public_key, form.public_id, site.channel.public_key, str(form.id), "..", "%00", "a" * 500]
    answers: set[tuple[int, str]] = set()
    async with httpx2.AsyncClient() as http:
        for key in keys:
            answer = await http.get(f"{site.base}/forms/{key}")
            answers.add((answer.status_code, answer.text if key != ".." else ""))
        for key in (*keys[:50], form.public_key):
            assert (await http.get(f"{site.base}/widget/{key}/config")).status_code == 404
        for sealed in (public_id(), "gAAAA", "x" * 5_000):
            path = f"{site.path}/files/{sealed}"
            assert (await http.get(path)).status_code == 404
    assert {status for status, _ in answers} == {404}
    assert len({text for _, text in answers if text}) <= 2  # ours, and the router's for what is no key


async def test_a_foreign_page_can_neither_read_nor_send_nor_upload(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text="Mine")
        await panel.shows("Mine")
    evil = {"Origin": "https://shop.example.evil.test", "Authorization": f"Bearer {panel.token}"}
    async with httpx2.AsyncClient() as http:
        for method, path in (("GET", "messages"), ("POST", "messages"), ("POST", "uploads")):
            answer = await http.request(method, f"{site.path}/{path}", headers=evil)
            assert answer.status_code == 403
            assert "access-control-allow-origin" not in answer.headers
    with pytest.raises(websockets.InvalidStatus):
        async with site.panel(panel.token, origin=evil["Origin"]):
            raise AssertionError("the handshake went through")


def frames() -> list[str]:
    opened = {"t": "open", "sub": f"timeline:{public_id()}", "after": "x"}
    own = ["", "null", "[]", "{}", '"x"', "17", '{"t":', '{"t":[]}', "[" * 5_000, json.dumps(opened)]
    own += ['{"t":"open","sub":"timeline:../../x"}', '{"t":"view","conversation":{"a":1}}']
    if ATTACKS.exists():
        payloads = [json.loads(line)["payload"] for line in ATTACKS.read_text().splitlines()]
        own += [payload for payload in payloads if "@@" not in payload]
    return own


async def said_to(office: Office, frame: str) -> Tab:
    """What came of one frame, and of something that happens after it."""
    async with office.desk.tab(office.cookie) as tab:
        tab.say_text(frame)
        await office.write("after it")
        await tab.until(lambda: tab.of("lists") or tab.closed_with)
    return tab


async def test_hostile_frames_of_an_agent_show_nothing_foreign_and_others_go_on(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.live.tail.LISTS_SECONDS", 0.0)  # each frame waits for what comes after it

    async with open_desk(sqlite_database) as desk:
        office = await staffed(desk)
        async with desk.tab(office.cookie) as quiet:
            for frame in frames():
                tab = await said_to(office, frame)
                assert tab.closed_with in (None, 1000, 1003, 1008, 1009)
                assert not [told for told in tab.frames if told.get("sub", "lists") != "lists"]
            await quiet.until(lambda: quiet.of("lists"))
        assert quiet.closed_with is None


async def test_an_agent_and_an_office_have_so_many_sockets_at_once(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(socket_module, "MOST_OF_AGENT", 2)
    async with open_desk(sqlite_database) as desk:
        office = await staffed(desk)
        async with desk.tab(office.cookie) as one, desk.tab(office.cookie) as two:
            await office.write()
            await one.until(lambda: one.of("lists") and two.of("lists"))
            async with desk.tab(office.cookie) as three:
                await three.until(lambda: three.closed_with)
            assert three.closed_with == 1013
        async with desk.tab(office.cookie) as later:
            await office.write()
            await later.until(lambda: later.of("lists"))


async def test_one_network_opens_so_many_panels_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.live.visitors.SOCKETS_OF_ADDRESS", 1)
    async with site.panel():
        with pytest.raises(websockets.ConnectionClosed) as closed:
            async with site.panel():
                pass
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1013
    async with site.panel() as panel:
        assert panel.token


async def test_a_forged_session_or_form_token_moves_no_form(
    maya: Person, ada: Person, installation: Installation
) -> None:
    async with installation.database.transaction() as session:
        form = await a_form_channel(session)
    bare: dict[str, Any] = {"headers": {"X-CSRF-Token": "made up", "Origin": "https://evil.example"}}
    for person in (maya, ada):
        answer = await person.browser.post(f"/settings/channels/{form.public_id}/sweeps", **bare)
        assert answer.status_code == 403
