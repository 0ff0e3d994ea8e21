"""What is drawn: whole, safe, the same for everybody, and each address of it leads somewhere."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from bs4 import BeautifulSoup
from starlette.routing import Match

from inbox.actions.assignments import assign
from inbox.actions.cases import open_case
from inbox.actions.events import record
from inbox.actors import SYSTEM, Actor
from inbox.db import Database
from inbox.models import DeliveryState, EventKind, Handoff, Note, Suggestion, SuggestionKind
from inbox.queries.happenings import Reading, Thread
from tests.builders import (
    Scene,
    a_conversation,
    a_customer,
    a_form_channel,
    a_team,
    an_agent,
    an_inbound_message,
    an_outbound_message,
)
from tests.web.live.tabs import page_of
from web.live.fragments import Fragments, Texts
from web.live.subscriptions import Sees, Subscription
from web.live.tail import Tail
from web.routes import ROUTES

SPITEFUL = "<img src=x onerror=alert(1)>'\"&amp;{{ 131 * 997 }}"


async def everything(database: Database, words: str) -> Scene:
    """A conversation in which every sort of entry stands, with these words wherever words go."""
    async with database.transaction() as session:
        scene = await a_conversation(
            session, customer=await a_customer(session, name=words), subject=words, text=words
        )
        agent, other = await an_agent(session, name=words), await an_agent(session)
        team = await a_team(session, other, name=words)
        stranger = await a_conversation(session, customer=await a_customer(session, name=words))
        for state in DeliveryState:
            message = await an_outbound_message(session, scene, by=agent, text=words, delivery=state)
            message.delivery_error = message.author_name = words
        inbound = await an_inbound_message(session, scene, text=words, cc=[words])
        inbound.html, inbound.dmarc, inbound.reused_id, inbound.automatic = words, "fail", True, "list"
        inbound.spans, inbound.fields = [[0, 4, "quote"]], [[words, words]]
        inbound.matched_by = {"rule": "reference", "value": words}
        facts: dict[str, Any] = {"actor": Actor.agent(agent), "conversation": scene.conversation}
        note = Note(
            conversation_id=scene.conversation.id,
            origin_conversation_id=scene.conversation.id,
            case_id=scene.case.id,
            author_id=agent.id,
            text=words,
        )
        handoffs = [
            Handoff(
                case_id=scene.case.id,
                from_agent_id=agent.id,
                to_agent_id=other.id if to is other else None,
                to_team_id=team.id if to is team else None,
                reason=words,
                answer=words,
                state=state,
            )
            for state, to in (("offered", other), ("offered", team), ("declined", other), ("expired", other))
        ]
        cards = [
            Suggestion(
                kind=kind,
                state=state,
                customer_id=scene.customer.id,
                other_customer_id=stranger.customer.id,
                conversation_id=scene.conversation.id,
                strand_id=scene.strand.id,
                address=words,
                name=words,
            )
            for kind in SuggestionKind
            for state in ("open", "colleague")
        ]
        session.add_all([note, *handoffs, *cards])
        await session.flush()
        record(session, EventKind.NOTE_ADDED, case=scene.case, note=note, **facts)
        for handoff in handoffs:
            record(session, EventKind.HANDOFF_OFFERED, case=scene.case, handoff=handoff, **facts)
        for card in cards:
            record(session, EventKind.SUGGESTION_MADE, suggestion=card, **facts)
        for kind in (kind for kind in EventKind if kind.startswith("case.")):
            data = {"agent": words, "agent_id": words, "team": words, "until": None, "tags_added": [words]}
            record(session, kind, case=scene.case, data=data, **facts)
            record(session, kind, case=scene.case, **(facts | {"actor": SYSTEM}))
    return scene


async def test_whatever_people_write_is_text(sqlite_database: Database) -> None:
    scene = await everything(sqlite_database, SPITEFUL)

    page = await page_of(sqlite_database, scene.conversation)

    assert SPITEFUL in page.log.get_text()
    kinds = {str(entry["data-kind"]) for entry in page.entries}
    assert kinds == {"message", "note", "handoff", "suggestion", "change"}
    assert not page.soup.select("img[src]")
    assert not [tag for tag in page.soup.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
    assert "130607" not in page.log.get_text().replace(SPITEFUL, "")


async def test_entries_keep_to_the_contract_of_the_scripts(sqlite_database: Database) -> None:
    scene = await everything(sqlite_database, "plain")

    page = await page_of(sqlite_database, scene.conversation)

    ids = [str(entry["id"]) for entry in page.entries]
    assert len(set(ids)) == len(ids)
    for entry in page.entries:
        assert str(entry["id"])[:2] in ("m-", "n-", "h-", "s-", "e-")
        assert str(entry["data-position"]).isdigit()
        assert entry.select("time[datetime]")
        assert "data-kind" in entry.attrs
    for message in page.log.select('[data-kind="message"]'):
        for name in ("author", "strand", "strand-label", "channel-kind", "message"):
            assert f"data-{name}" in message.attrs, name
        assert message.select("[data-author-name]")


async def test_every_address_in_an_entry_leads_somewhere(sqlite_database: Database) -> None:
    scene = await everything(sqlite_database, "plain")
    page = await page_of(sqlite_database, scene.conversation)
    wanted = {("POST", str(tag["formaction"])) for tag in page.soup.select("[formaction]")}
    wanted |= {("GET", str(tag["href"])) for tag in page.soup.find_all("a", href=True)}
    wanted |= {("GET", str(tag["src"])) for tag in page.soup.find_all("iframe")}

    lost = {
        (method, path)
        for method, path in wanted
        if not any(
            route.matches({"type": "http", "method": method, "path": path, "root_path": ""})[0] is Match.FULL
            for route in ROUTES
        )
    }

    assert len(wanted) > 10
    assert not lost


async def test_a_form_shows_its_answers_and_its_message(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(
            session, channel=await a_form_channel(session, name="Returns form"), text="It does not fit."
        )
        scene.messages[0].fields = [["Item", "Ash shelf"], ["Colour", ""]]

    page = await page_of(sqlite_database, scene.conversation)

    (form,) = page.soup.select(".form")
    assert [term.get_text() for term in form.select("dt")] == ["Item"]
    assert "It does not fit." in form.get_text()
    assert "Returns form" in form.get_text()


async def test_who_takes_a_case_gives_it_to_nobody(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene, maya = await a_conversation(session), await an_agent(session)
        await assign(session, scene.case, to=maya, by=maya)

    words = (await page_of(sqlite_database, scene.conversation)).entries[-1].get_text()

    assert f"Maya Okafor took #{scene.case.number}" in words


async def test_what_an_agent_wrote_is_formatted_as_the_customer_gets_it(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, text="not **formatted**")
        words = "It leaves **tomorrow**.\n\n* one\n* two <b>x</b> [y](javascript:alert(1))"
        await an_outbound_message(session, scene, by=await an_agent(session), text=words)

    page = await page_of(sqlite_database, scene.conversation)

    theirs, ours = page.soup.select("[data-text]")
    assert theirs.get_text() == "not **formatted**"
    assert [bold.get_text() for bold in ours.select("strong")] == ["tomorrow"]
    assert len(ours.select("li")) == 2
    assert not ours.select("b, a")


async def test_a_mail_is_framed_without_scripts(sqlite_database: Database) -> None:
    scene = await everything(sqlite_database, "plain")

    (frame,) = (await page_of(sqlite_database, scene.conversation)).soup.find_all("iframe")

    assert " ".join(frame["sandbox"]) == "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
    assert frame["loading"] == "lazy"


async def test_what_else_shows_a_case_is_drawn_for_all_cases_of_the_conversation(
    sqlite_database: Database,
) -> None:
    asked: list[set[int]] = []

    async def heads(
        session: Reading, case_ids: Collection[int], languages: Collection[str]
    ) -> Mapping[int, Texts]:
        asked.append(set(case_ids))
        return {
            case_id: {one: f'<i id="head-{case_id}" hx-swap-oob="true">now</i>' for one in languages}
            for case_id in case_ids
        }

    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        beside = await open_case(session, scene.conversation, subject="Salary", channel=scene.channel)
        beside.is_private = True
    page = await page_of(sqlite_database, scene.conversation)
    page.soup.append(BeautifulSoup(f'<i id="head-{scene.case.id}">then</i>', "html.parser"))
    thread = Thread(scene.conversation.id, scene.conversation.public_id, "Ana", False, False)
    tail = Tail(sqlite_database, Fragments([heads]))
    await tail.read()

    with tail.following(scene.conversation.public_id, asyncio.Event()):
        async with sqlite_database.transaction() as session:
            for _ in range(3):
                await an_inbound_message(session, scene)
        await tail.read()
    told = {}
    for name, seen in (("insider", {beside.id}), ("outsider", set())):
        subscription = Subscription(tail, thread, tail.head - 3)
        told[name] = await subscription.next(_seeing(seen)) or ""

    assert asked == [{scene.case.id, beside.id}]
    assert f"head-{scene.case.id}" in told["outsider"]
    assert f"head-{beside.id}" in told["insider"]
    assert f"head-{beside.id}" not in told["outsider"]


def _seeing(seen: set[int]) -> Sees:
    async def sees(case_ids: Collection[int]) -> frozenset[int]:
        return frozenset(set(case_ids) & seen)

    return sees
