"""What a visitor may wish for beside writing, over a real socket."""

import json
import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import select
from websockets.asyncio.client import connect

from inbox.actions import handoffs
from inbox.actions.resolutions import resolve
from inbox.blobs import BlobStore
from inbox.clock import FrozenClock
from inbox.config import Settings
from inbox.db import Database
from inbox.models import (
    Agent,
    AutomaticMail,
    Case,
    CaseTag,
    Event,
    Message,
    Rating,
    Tag,
    VisitorToken,
)
from tests.builders import KEYS, a_conversation, a_mailbox_channel, an_agent
from tests.services.visiting import Panel, Site, webchat_site


@pytest.fixture
async def site(settings: Settings, sqlite_database: Database, blobs: BlobStore) -> AsyncIterator[Site]:
    async with webchat_site(settings, sqlite_database, blobs, origins=["https://shop.example"]) as served:
        yield served


async def chatting(panel: Panel, text: str = "Hello", **more: object) -> None:
    await panel.say(t="message", client_id="c" * 16, text=text, **more)
    await panel.shows(text)


async def end(site: Site) -> None:
    """Maya answers, and resolves the case."""
    await site.answer("It is done.")
    async with site.database.transaction() as session:
        case = (await session.scalars(select(Case))).one()
        await resolve(session, case, by=await session.get_one(Agent, site.agent.id))


async def mailed_words(site: Site) -> str:
    async with site.database.reading() as session:
        newest = select(AutomaticMail.sealed).order_by(AutomaticMail.id.desc()).limit(1)
        return "\n".join(json.loads(KEYS.unseal(await session.scalar(newest) or "")))


async def test_an_ended_chat_is_rated_once_and_a_new_message_ends_the_end(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(t="rate", score=4)
        assert "nothing to rate" in (await panel.until("t", "refused"))["error"]
        await chatting(panel)
        await end(site)
        state = (await panel.until("state"))["state"]
        assert state["may_rate"] and state["ended"]
        await panel.say(t="rate", score=9)
        assert "five faces" in (await panel.until("t", "refused"))["error"]
        await panel.say(t="rate", score=4, comment="Quick")
        await panel.until("t", "rated")
        await panel.say(t="rate", score=1)
        assert "already" in (await panel.until("t", "refused"))["error"]
        async with site.panel(panel.token) as again:
            told = (await again.until("state"))["state"]
            assert told["score"] == 4 and not told["may_rate"]
        await panel.say(t="message", client_id="d" * 16, text="One more thing")
        while (state := (await panel.until("state"))["state"])["ended"]:
            continue
    assert not state["may_rate"]
    async with site.database.reading() as session:
        rating = (await session.scalars(select(Rating))).one()
    assert (rating.score, rating.comment) == (4, "Quick")


@pytest.mark.parametrize("shows_names", [False, True])
async def test_a_handoff_is_told_with_names_only_where_the_channel_shows_them(
    site: Site, shows_names: bool
) -> None:
    await site.change(show_handoff_names=shows_names)
    async with site.panel() as panel:
        await chatting(panel)
        await site.answer("I bring in a colleague.")
        async with site.database.transaction() as session:
            case = (await session.scalars(select(Case))).one()
            by, to = await session.get_one(Agent, site.agent.id), await an_agent(session, name="Tomás Leal")
            offered = await handoffs.offer(session, case, to=to, by=by, reason="Secret reason")
        while not (state := (await panel.until("state"))["state"])["hands_over"]:
            continue
        assert (state["by"], state["to"]) == (("Maya", "Tomás") if shows_names else ("", ""))
        async with site.database.transaction() as session:
            handoff = await session.get_one(type(offered), offered.id)
            await handoffs.accept(session, handoff, by=await session.get_one(Agent, to.id))
        assert not (await panel.until("state"))["state"]["hands_over"]
    told = json.dumps(panel.told, ensure_ascii=False)
    assert "Secret reason" not in told and (shows_names or "Tomás" not in told)


async def test_a_mailed_code_shows_what_was_said_elsewhere_and_a_copy_may_go_there(
    site: Site,
) -> None:
    async with site.database.transaction() as session:
        await a_mailbox_channel(session)
        known = await a_conversation(session, text="What I mailed last week")
    async with site.panel() as panel:
        await chatting(panel, "Hello from the chat")
        await panel.say(t="copy")
        assert "Confirm your address" in (await panel.until("t", "refused"))["error"]
        await panel.say(t="code", email=known.identity.address.upper())
        assert (await panel.until("t", "coded"))["email"] == known.identity.address
        code = re.search(r"\d{6}", await mailed_words(site))
        assert code is not None
        await panel.say(t="prove", code="not it")
        assert (await panel.until("t", "refused"))["what"] == "prove"
        before = panel.token
        await panel.say(t="prove", code=f"{code[0][:3]} {code[0][3:]}")
        ready = await panel.until("t", "ready")
        assert ready["proved"] and ready["token"] != before and ready["email"] == known.identity.address
        html = (await panel.until("reset"))["html"]
        assert "What I mailed last week" in html and "Hello from the chat" in html
        await panel.say(t="copy")
        assert (await panel.until("t", "copied"))["email"] == known.identity.address
    words = await mailed_words(site)
    assert "What I mailed last week" in words and "Hello from the chat" in words


async def test_signing_out_makes_the_token_void(site: Site) -> None:
    async with site.panel() as panel:
        await chatting(panel, "Only for me")
        token = panel.token
        await panel.say(t="forget")
        await panel.until("t", "forgotten")
    async with site.panel(token) as again:
        assert again.token != token
        assert "Only for me" not in (await again.until("reset"))["html"]
    async with site.database.reading() as session:
        assert (await session.scalars(select(VisitorToken.revoked_at))).one() is not None


async def test_what_a_browser_says_is_kept_as_far_as_it_can_be_used(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(t="notice", language="pt-PT", time_zone="Europe/Lisbon", page="javascript:alert(1)")
        await panel.say(t="notice", page="https://shop.example/lamps", attributes={"plan": "pro", "deep": {}})
        await panel.say(t="notice", attributes=["no", "object"])
        assert "setAttributes()" in (await panel.until("t", "refused"))["error"]
        await chatting(panel, fields=[["Order number", "48213"], ["", "x"], "odd"], name="Inês")
    async with site.database.reading() as session:
        kept = (await session.scalars(select(VisitorToken))).one()
        message = (await session.scalars(select(Message))).one()
    assert kept.page == "https://shop.example/lamps" and kept.attributes == {"plan": "pro"}
    assert (kept.language, kept.time_zone) == ("pt-PT", "Europe/Lisbon")
    assert message.fields == [["Order number", "48213"]] and message.author_name == "Inês"
    await site.change(show_page=False)
    async with site.panel(panel.token) as private:
        await private.say(t="notice", page="https://shop.example/secret", attributes={"plan": "free"})
        await chatting(private, "Again")
    async with site.database.reading() as session:
        kept = (await session.scalars(select(VisitorToken))).one()
    assert kept.page == "https://shop.example/lamps" and kept.attributes == {"plan": "free"}


async def test_refusals_speak_the_visitors_language(site: Site) -> None:
    async with site.panel() as panel:
        await panel.say(t="message", client_id="c" * 16, text=" ")
        assert (await panel.until("t", "refused"))["error"] == "Write something first."
    url = site.path.replace("http", "ws", 1) + "/live"
    async with connect(url, origin="https://shop.example") as socket:  # type: ignore[arg-type]
        german = Panel(socket)
        await german.say(t="hello", token=None, language="de-AT")
        await german.until("t", "ready")
        await german.say(t="message", client_id="c" * 16, text=" ")
        assert (await german.until("t", "refused"))["error"] == "Schreiben Sie zuerst etwas."


async def test_a_wish_to_be_forgotten_is_filed_for_agents_with_a_tag_and_what_proves_it(site: Site) -> None:
    async with site.panel() as panel:
        for _ in range(2):  # sent again after a lost answer: one wish
            await panel.say(t="message", client_id="c" * 16, text="Please delete my data", wish="erase")
            await panel.until("t", "filed")
        await panel.say(t="message", client_id="d" * 16, text="Again", wish="erase")
        await panel.until("t", "filed")
    async with site.database.reading() as session:
        asked = list(await session.scalars(select(Event).where(Event.kind == "customer.asked_erasure")))
        tags = list(await session.scalars(select(Tag.name).join(CaseTag, CaseTag.tag_id == Tag.id)))
    assert tags == ["delete data"] and len(asked) == 1
    assert asked[0].actor_kind == "customer" and asked[0].data["proved"] is False


async def test_a_token_of_a_month_is_renewed_and_its_old_one_is_good_for_a_week_longer(
    site: Site, clock: FrozenClock
) -> None:
    async with site.panel() as panel:
        await chatting(panel, "Words of a month ago")
    old = panel.token
    clock.advance(days=31)
    async with site.panel(old) as one, site.panel(old) as two:  # two tabs at once
        assert len({old, one.token, two.token}) == 3
        for tab in (one, two):
            assert "Words of a month ago" in (await tab.until("reset"))["html"]
    clock.advance(days=8)
    async with site.panel(old) as void, site.panel(one.token) as again, site.panel(two.token) as other:
        assert "Words" not in (await void.until("reset"))["html"]
        assert again.token == one.token and other.token == two.token
        await again.say(t="forget")
        await again.until("t", "forgotten")
    async with site.panel(two.token) as signed_out:  # the same browser, whichever of its tokens it shows
        assert "Words" not in (await signed_out.until("reset"))["html"]


async def test_what_a_panel_is_refused_over_http_is_said_in_its_language(site: Site) -> None:
    async with httpx2.AsyncClient(headers={"Origin": "https://shop.example"}) as http, site.panel() as panel:
        bearer = {"Authorization": f"Bearer {panel.token}"}
        path = f"{site.path}/uploads?lang=de"
        empty = await http.post(path, headers=bearer, files={"file": ("a.txt", b"")})
        assert empty.json()["detail"] == "Darin ist keine Datei."
        huge = await http.post(path, headers=bearer, files={"file": ("a.txt", bytes(25_000_001))})
        assert huge.json()["detail"] == "Zu groß, höchstens 25 MB."
