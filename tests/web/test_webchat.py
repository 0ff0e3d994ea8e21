"""The web chat: its documents, its socket and the HTTP fall-back."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import websockets
from sqlalchemy import select
from websockets.asyncio.client import connect

from channels.webchat.signatures import sign
from channels.webchat.tokens import visitor_id_of
from inbox import clock
from inbox.actions import deliveries
from inbox.actions.merges import merge, undo_merge
from inbox.actions.replies import ReplySettings, reply
from inbox.blobs import BlobStore
from inbox.config import Settings
from inbox.db import Database
from inbox.models import (
    Agent,
    Attachment,
    Channel,
    Claim,
    Conversation,
    Customer,
    Merge,
    Message,
    Strand,
    Suggestion,
    VisitorToken,
)
from tests.builders import KEYS, a_conversation
from tests.services.visiting import SHOP, Site, webchat_site
from web.live import visitors
from web.live.signals import SignalKind
from web.visit_rates import NOTES_OF_VISITOR

FRAMES = Path(__file__).parents[3] / "shared" / "data" / "attacks" / "ws_frames.jsonl"


@pytest.fixture
async def site(settings: Settings, sqlite_database: Database, blobs: BlobStore) -> AsyncIterator[Site]:
    async with webchat_site(settings, sqlite_database, blobs, origins=[SHOP]) as served:
        yield served


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient() as client:
        yield client


async def test_nobody_comes_to_be_by_looking_and_somebody_by_writing(site: Site) -> None:
    async with site.panel() as panel:
        assert panel.token.startswith("v1.")
        assert await site.count(Customer) == await site.count(VisitorToken) == 0
        await panel.say(t="message", client_id="c" * 16, text="Where is my lamp?", page=f"{SHOP}/lamp")
        await panel.until("t", "filed")
        html = await panel.shows("Where is my lamp?")
        assert f'data-client="{"c" * 16}"' in html
    assert await site.count(Customer) == await site.count(VisitorToken) == await site.count(Message) == 1


async def test_the_token_is_stored_as_a_digest_only(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text="Hello")
        await panel.until("t", "filed")
    async with site.database.reading() as session:
        kept = (await session.scalars(select(VisitorToken))).one()
    assert panel.token not in str(vars(kept)) and len(kept.digest) == 64


async def test_the_same_message_sent_twice_is_one_and_is_drawn_again(site: Site) -> None:
    async with site.panel() as panel:
        for _ in range(2):
            await panel.say(t="message", client_id="c" * 16, text="Hello")
            await panel.until("t", "filed")
            await panel.shows("Hello")
    async with site.panel(panel.token) as again:
        await again.say(t="message", client_id="c" * 16, text="Hello")
        await again.until("t", "filed")
    assert await site.count(Message) == 1


async def test_an_answer_appears_once_it_was_sent_and_names_the_agent_by_first_name(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text="Hello")
        await panel.until("t", "filed")
        await site.answer("It leaves **tomorrow**. <script>alert(1)</script>")
        html = await panel.shows("tomorrow")
        assert "<strong>tomorrow</strong>" in html and "<script>" not in html
        assert 'data-author="Maya"' in html and "Okafor" not in html


async def test_a_reconnect_resumes_where_it_stopped(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text="First words")
        await panel.shows("First words")
    await site.answer("Second words")
    async with site.panel(panel.token, panel.cursor) as again:
        html = await again.shows("Second words")
        assert "First words" not in html
    async with site.panel(panel.token) as fresh:
        frame = await fresh.until("reset")
        assert "First words" in frame["html"] and "Second words" in frame["html"]


async def test_a_cursor_of_somebody_else_or_made_up_starts_from_the_beginning(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text="Mine")
        await panel.shows("Mine")
    async with site.panel() as other:
        await other.until("reset")
    for cursor in (other.cursor, "17", "-1", "x" * 5000, "é"):
        async with site.panel(panel.token, cursor) as again:
            assert "Mine" in (await again.until("reset"))["html"]


async def test_a_visitor_sees_nothing_of_another(site: Site) -> None:
    async with site.panel() as one:
        await one.say(t="message", client_id="a" * 16, text="Secret of one")
        await one.shows("Secret of one")
        async with site.panel() as two:
            await two.say(t="message", client_id="b" * 16, text="Words of two")
            await two.shows("Words of two")
            await two.say(t="older", before=10**9)
            older = await two.until("t", "older")
    assert "Secret" not in json.dumps(two.told) and "Secret" not in older["html"]


async def test_delivered_is_what_the_panel_received_and_read_what_was_looked_at(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text="Hello")
        await panel.until("t", "filed")
        message = await site.answer("It leaves tomorrow")
        await panel.shows("tomorrow")
        for said, state in (("received", "delivered"), ("seen", "read")):
            await panel.say(t=said, message=message.public_id)
            await panel.shows("tomorrow")
            async with site.database.reading() as session:
                assert (await session.get_one(Message, message.id)).delivery == state


async def test_acknowledging_what_one_cannot_see_changes_nothing(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text="Hello")
        await panel.until("t", "filed")
        message = await site.answer("For the first visitor")
    async with site.panel() as other:
        await other.say(t="seen", message=message.public_id)
        await other.say(t="seen", message=["x"])
        await other.until("t", "refused")
    async with site.database.reading() as session:
        assert (await session.get_one(Message, message.id)).delivery == "sent"


async def test_typing_goes_both_ways_and_a_note_is_not_told(site: Site) -> None:
    heard: list[Any] = []
    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text="Hello")
        await panel.until("t", "filed")
        async with site.database.reading() as session:
            conversation_id = (await session.scalars(select(Conversation.id))).one()
        with site.visiting.signals.subscribe(heard.append, conversation_id):
            await panel.say(t="typing", on=True)
            await panel.say(t="older", before=1)  # answered in order: the typing has been heard by then
            await panel.until("t", "older")
        assert heard[0].kind is SignalKind.TYPING and heard[0].payload["side"] == "customer"
        agent = {"id": "x", "name": "Maya Okafor"}
        publish = site.visiting.signals.publish
        note = {"side": "agent", "on": True, "agent": agent, "is_note": True}
        publish(SignalKind.TYPING, conversation_id, note)
        publish(SignalKind.READ, conversation_id, {"position": 7})
        publish(SignalKind.TYPING, conversation_id, note | {"on": False, "is_note": False})
        frame = await panel.until("signal")
        while "typing" not in frame["signal"]:
            frame = await panel.until("signal")
        assert frame["signal"]["typing"] == {"name": "Maya", "on": False}
    assert {"signal": {"read": 7}} in panel.told


async def test_a_typed_address_is_a_claim_that_opens_nothing(site: Site) -> None:
    async with site.database.transaction() as session:
        known = await a_conversation(session, text="Words of the owner")
    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text="Hello")
        await panel.until("t", "filed")
        await panel.say(t="email", email=known.identity.address.upper())
        ready = await panel.until("t", "ready")
        assert ready["email"] == known.identity.address
        await panel.say(t="email", email="nonsense")
        assert "whole address" in (await panel.until("t", "refused"))["error"]
    assert "owner" not in json.dumps(panel.told)
    assert await site.count(Claim) == await site.count(Suggestion) == 1


async def test_an_address_typed_before_the_first_message_comes_with_it(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(t="email", email="ines@norte.example")
        await panel.until("t", "ready")
        assert await site.count(Customer) == 0
        await panel.say(t="message", client_id="c" * 16, text="Hello")
        await panel.until("t", "filed")
    assert await site.count(Claim) == 1


def identity(site: Site, user_id: str = "u-1", email: str = "", secret: str = "new secret") -> dict[str, Any]:
    expires = int(clock.now().timestamp()) + 600
    content = f"{site.channel.public_key}\n{user_id}\n{email}\n{expires}".encode()
    return {
        "t": "identify",
        "id": user_id,
        "email": email,
        "name": "Inês Duarte",
        "expires": expires,
        "signature": sign(secret, content),
    }


async def test_a_proof_rotates_the_token_and_shows_what_that_person_said_elsewhere(site: Site) -> None:
    async with site.database.transaction() as session:
        known = await a_conversation(session, text="What I mailed last week")
    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text="Hello from the chat")
        await panel.shows("Hello from the chat")
        before = panel.token
        await panel.say(**identity(site, email=known.identity.address))
        ready = await panel.until("t", "ready")
        frame = await panel.until("reset")
    assert ready["signed"] and ready["token"] != before
    assert "What I mailed last week" in frame["html"] and "Hello from the chat" in frame["html"]
    async with site.panel(before) as void:
        assert void.token != before
        assert "Hello" not in (await void.until("reset"))["html"]
    async with site.panel(panel.token) as again:
        assert "What I mailed last week" in (await again.until("reset"))["html"]


async def test_a_proof_before_the_first_message_ties_it_when_it_comes(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(**identity(site, email="ines@norte.example", secret="old secret"))
        await panel.until("t", "ready")
        await panel.until("reset")
        assert await site.count(Customer) == 0
        await panel.say(t="message", client_id="c" * 16, text="Hello")
        await panel.shows("Hello")
    async with site.panel() as second_browser:
        await second_browser.say(**identity(site, email="ines@norte.example"))
        await second_browser.shows("Hello")
    assert await site.count(Customer) == 1


async def test_a_browser_of_another_user_starts_afresh(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(**identity(site, "u-1"))
        await panel.until("reset")
        await panel.say(t="message", client_id="c" * 16, text="Words of the first")
        await panel.shows("Words of the first")
        await panel.say(**identity(site, "u-2"))
        await panel.until("t", "ready")
        frame = await panel.until("reset")
        assert "first" not in frame["html"]
        await panel.say(t="message", client_id="d" * 16, text="Words of the second")
        await panel.shows("Words of the second")
    assert await site.count(Conversation) == 2


@pytest.mark.parametrize("wrong", [{"signature": "0" * 64}, {"id": "u-2"}, {"signature": ""}, {"expires": 1}])
async def test_what_was_not_signed_proves_nothing(site: Site, wrong: dict[str, Any]) -> None:
    async with site.panel() as panel:
        await panel.say(**(identity(site) | wrong))
        assert (await panel.until("t", "refused"))["what"] == "identify"
    assert await site.count(VisitorToken) == 0


async def test_files_are_uploaded_first_and_fetched_by_a_sealed_address(
    site: Site, http: httpx2.AsyncClient
) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + b"0" * 64
    headers = {"Origin": SHOP}
    async with site.panel() as panel, site.panel() as other:
        headers["Authorization"] = f"Bearer {panel.token}"
        files = {"file": ("crack.png", picture, "text/html")}
        uploaded = await http.post(f"{site.path}/uploads", files=files, headers=headers)
        assert uploaded.status_code == 201
        sealed = uploaded.json()["id"]
        await other.say(t="message", client_id="o" * 16, text="Give it to me", files=[sealed])
        await other.until("t", "refused")
        await panel.say(t="message", client_id="c" * 16, text="", files=[sealed])
        html = await panel.shows("crack.png")
    url = html.split('href="')[1].split('"')[0]
    fetched = await http.get(site.base + url)
    assert fetched.content == picture
    assert fetched.headers["content-disposition"].startswith("attachment")
    assert (await http.get(site.base + url[:-5])).status_code == 404
    async with site.database.reading() as session:
        assert (await session.scalars(select(Attachment))).one().content_type == "image/png"


async def test_an_upload_that_is_too_large_is_refused_before_it_is_read(site: Site) -> None:
    host = site.base.removeprefix("http://")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(host.partition(":")[2]))
    head = (
        f"POST /widget/{site.channel.public_key}/uploads HTTP/1.1",
        f"Host: {host}",
        f"Origin: {SHOP}",
        "Authorization: Bearer of nothing",
        "Content-Length: 90000000",
        "Content-Type: multipart/form-data; boundary=x",
    )
    writer.write("\r\n".join((*head, "", "")).encode())
    async with asyncio.timeout(10):
        status = await reader.readline()
        answer = await reader.readuntil(b"}")
    writer.close()
    await writer.wait_closed()
    assert b" 413 " in status and b"the limit is 25 MB" in answer


async def test_without_a_socket_the_same_goes_by_http(site: Site, http: httpx2.AsyncClient) -> None:
    headers = {"Origin": SHOP}
    message = {"client_id": "c" * 16, "text": "By HTTP"}
    first = await http.post(f"{site.path}/messages", json=message, headers=headers)
    assert first.status_code == 401 and await site.count(Message) == 0
    headers["Authorization"] = f"Bearer {first.json()['token']}"
    for _ in range(2):
        sent = await http.post(f"{site.path}/messages", json=message, headers=headers)
        assert sent.status_code == 200
        assert sent.json()["frames"][0] == {"t": "filed", "client_id": "c" * 16}
    assert await site.count(Message) == 1
    shown = await http.get(f"{site.path}/messages", headers=headers)
    assert "By HTTP" in shown.json()["frames"][1]["html"]
    wrong = await http.post(f"{site.path}/messages", json={"client_id": "x", "text": ""}, headers=headers)
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", "https://shop.example.evil.test", "http://shop.example"]
)
async def test_another_site_may_not_use_the_channel(
    site: Site, http: httpx2.AsyncClient, origin: str | None
) -> None:
    with pytest.raises(websockets.InvalidStatus):
        async with site.panel(origin=origin):
            raise AssertionError("the handshake went through")
    headers = {"Origin": origin} if origin else {}
    answer = await http.post(f"{site.path}/messages", json={}, headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


async def test_our_own_frame_may_use_it_and_an_allowed_site_may_read_the_answer(
    site: Site, http: httpx2.AsyncClient
) -> None:
    async with site.panel(origin=site.base):
        pass
    answer = await http.get(f"{site.path}/config", headers={"Origin": SHOP})
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert answer.json()["name"] == "Harbour & Pine"
    preflight = await http.request("OPTIONS", f"{site.path}/messages", headers={"Origin": SHOP})
    assert preflight.status_code == 204
    assert "Authorization" in preflight.headers["access-control-allow-headers"]


async def test_the_panel_may_be_framed_by_the_listed_sites_alone(
    site: Site, http: httpx2.AsyncClient
) -> None:
    page = await http.get(f"{site.path}/panel")
    policy = page.headers["content-security-policy"]
    assert f"frame-ancestors 'self' {SHOP}" in policy and "unsafe" not in policy
    assert "<style" not in page.text and "style=" not in page.text and "onclick" not in page.text
    assert (await http.get(f"{site.base}/widget/nothing/panel")).status_code == 404


async def test_the_loader_is_kept_by_caches_and_known_by_its_tag(
    site: Site, http: httpx2.AsyncClient
) -> None:
    first = await http.get(f"{site.base}/widget.js")
    assert first.status_code == 200 and "max-age" in first.headers["cache-control"]
    again = await http.get(f"{site.base}/widget.js", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b""


async def test_too_many_messages_are_answered_in_words(site: Site) -> None:
    async with site.panel() as panel:
        for number in range(25):
            await panel.say(t="message", client_id=f"{number:016}", text=f"Message {number}")
        refused = await panel.until("t", "refused")
        assert refused["retry_after"] >= 1 and "Please try again in" in refused["error"]
    assert 10 <= await site.count(Message) < 25


@pytest.mark.parametrize(
    "message",
    [
        {"client_id": "c" * 16, "text": "x" * 4_001},
        {"client_id": "c" * 16, "text": "  \n "},
        {"client_id": "c" * 16, "text": None},
        {"client_id": "short", "text": "x"},
        {"client_id": None, "text": "x"},
        {"client_id": "c" * 16, "text": "x", "files": ["made up"]},
        {"client_id": "c" * 16, "text": "x", "files": {"a": 1}},
    ],
)
async def test_a_message_that_cannot_be_taken_is_refused_in_words(
    site: Site, message: dict[str, Any]
) -> None:
    async with site.panel() as panel:
        await panel.say(t="message", **message)
        assert (await panel.until("t", "refused"))["error"]
    assert await site.count(Message) == 0


async def test_a_flood_of_frames_ends_the_socket(site: Site) -> None:
    async with site.panel() as panel:
        with pytest.raises(websockets.ConnectionClosed):
            for _ in range(200):
                await panel.say(t="typing", on=True)
            while True:
                await panel.socket.recv()


async def test_what_a_panel_notes_of_itself_is_written_only_so_often(site: Site) -> None:
    async with site.panel() as panel:
        rates, noted = site.visiting.rates, f"{site.channel.id} {visitor_id_of(panel.token)}"
        await panel.say(t="notice", page="https://shop.example/lamps")
        rates.take(NOTES_OF_VISITOR, noted, NOTES_OF_VISITOR.limit - 1)
        await panel.say(t="seen", message="x" * 26)
        refused = await panel.until("t", "refused")
        assert refused["what"] == "seen" and "a bit fast" in refused["error"]


async def test_an_open_chat_ends_when_its_channel_is_switched_off(site: Site) -> None:
    async with site.panel() as panel:
        async with site.database.transaction() as session:
            channel = await session.get_one(Channel, site.channel.id)
            channel.deactivated_at = clock.now()
        await panel.say(t="message", client_id="c" * 16, text="Are you there?")
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await panel.until("nothing more")
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008
    assert await site.count(Message) == 0


async def test_what_a_channel_begins_to_require_holds_for_an_open_chat(site: Site) -> None:
    claim = {"t": "identify", "id": "user-17", "email": "ines@example.com"}
    async with site.panel() as panel:
        await site.change(identity_required=True)
        await panel.say(**claim)
        assert "signature" in (await panel.until("t", "refused"))["error"]


async def test_a_silent_chat_ends_too_when_its_site_may_not_show_it_any_more(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.live.visitors.SILENCE_SECONDS", 0.1)
    async with site.panel() as panel:
        await panel.until("ping")
        await site.change(origins=["https://elsewhere.example"])
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await panel.until("nothing more")
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008


async def test_an_open_chat_goes_on_when_its_customer_is_merged_and_when_that_is_undone(site: Site) -> None:
    async def agent_answers(text: str) -> None:
        settings = ReplySettings(tokens=KEYS.strand_tokens())
        async with site.database.transaction() as session:
            strand = (await session.scalars(select(Strand).where(Strand.channel_id == site.channel.id))).one()
            conversation = await session.get_one(Conversation, strand.conversation_id)
            by = await session.get_one(Agent, site.agent.id)
            await reply(
                session, conversation, by=by, text=text, strand=strand, anyway=True, settings=settings
            )
        async with site.database.transaction() as session:
            await deliveries.deliver_chats(session)

    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text="Hello")
        await panel.shows("Hello")
        async with site.database.transaction() as session:
            visitor = (await session.scalars(select(Customer))).one()
            known = (await a_conversation(session, text="Of somebody else")).customer
            merged = await merge(session, visitor, into=known, by=site.agent)
        await agent_answers("Found you")
        assert "Of somebody else" not in await panel.shows("Found you")
        async with site.database.transaction() as session:
            await undo_merge(session, await session.get_one(Merge, merged.id), by=site.agent)
        await agent_answers("Or not")
        assert "Of somebody else" not in await panel.shows("Or not")


async def test_signing_out_in_one_tab_ends_the_chat_in_the_others(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "STANDS_SECONDS", 0.0)
    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text="Hello")
        await panel.shows("Hello")
        async with site.panel(panel.token) as other, site.panel(panel.token) as silent:
            await other.until("reset")
            await silent.until("reset")
            await panel.say(t="forget")
            await panel.until("t", "forgotten")
            await other.say(t="message", client_id="d" * 16, text="Somebody else")
            with pytest.raises(websockets.ConnectionClosed):
                await other.until("t", "filed")
            await site.answer("For whoever was here before")
            with pytest.raises(websockets.ConnectionClosed):
                await silent.shows("For whoever")
    assert await site.count(Message) == 2


def hostile_frames() -> list[str | bytes]:
    own: list[str | bytes] = ["", "null", "[]", "17", '{"t":', '{"t":[]}', "[" * 20_000]
    own += [b"\xff\x00", "x" * 70_000]
    if FRAMES.exists():
        lines = [json.loads(line)["payload"] for line in FRAMES.read_text().splitlines()]
        own += [line for line in lines if "@@" not in line]
    return own


async def test_hostile_frames_end_in_words_or_a_closed_socket_and_others_go_on(site: Site) -> None:
    async with site.panel() as panel:
        for hostile in hostile_frames():
            url = site.path.replace("http", "ws", 1) + "/live"
            for greeting in (None, json.dumps({"t": "hello", "token": None})):
                async with connect(url, origin=SHOP) as socket:  # type: ignore[arg-type]
                    site.visiting.rates._full_again_at.clear()
                    if greeting:
                        await socket.send(greeting)
                    await socket.send(hostile)
                    try:
                        async with asyncio.timeout(10):
                            while "refused" not in str(await socket.recv()):
                                continue
                    except websockets.ConnectionClosed as closed:
                        assert closed.rcvd is not None and closed.rcvd.code != 1011
        await panel.say(t="message", client_id="c" * 16, text="Still here")
        await panel.shows("Still here")
