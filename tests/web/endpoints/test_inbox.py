"""The lists of the inbox."""

import json
import re

from inbox import clock
from inbox.actions.agents import limit_chats
from inbox.actors import SYSTEM
from inbox.db import Database
from inbox.envelopes import ChannelKind
from inbox.models import Status
from tests.builders import Scene, a_conversation, a_customer, a_team, a_webchat_channel
from tests.web.conftest import NewPerson, Person
from tests.web.endpoints.conftest import SCRIPT


async def test_the_home_page_is_what_is_mine(maya: Person) -> None:
    answer = await maya.browser.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox/mine")


async def test_a_view_shows_its_cases_and_the_counters_of_all_views(maya: Person, scene: Scene) -> None:
    page = (await maya.browser.get("/inbox/mine")).text
    assert f'id="case-{scene.case.number}"' in page
    assert "Ana Sousa" in page and "Order 48213" in page
    assert re.search(r'data-counter="mine">1<', page)
    assert f'data-conversation="{scene.conversation.public_id}"' in page


async def test_what_the_customer_wrote_is_unread_until_it_was_seen(maya: Person, scene: Scene) -> None:
    assert "row--new" in (await maya.browser.get("/inbox/mine")).text
    position = scene.messages[-1].position
    read = await maya.post(
        f"/conversations/{scene.conversation.public_id}/read", data={"position": position}, headers=SCRIPT
    )
    assert read.status_code == 204
    assert "row--new" not in (await maya.browser.get("/inbox/mine")).text


async def test_a_script_asks_only_for_what_has_changed(maya: Person, scene: Scene) -> None:
    number = scene.case.number
    answer = await maya.browser.get(f"/inbox/mine?changed={number},999999", headers=SCRIPT)
    assert f'<li id="case-{number}" data-rank=' in answer.text
    assert '<li id="case-999999" data-gone>' in answer.text
    assert 'data-counter="unassigned"' in answer.text
    assert "<html" not in answer.text


async def test_numbers_that_are_none_are_refused(maya: Person) -> None:
    assert (await maya.browser.get("/inbox/mine?changed=1,x")).status_code == 422


async def test_a_long_list_goes_on_where_it_ended(
    maya: Person, installation: object, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        for _ in range(53):
            await a_conversation(session, assignee=maya.agent)
    first = (await maya.browser.get("/inbox/mine")).text
    more = re.search(r'<li class="more"><a[^>]* href="([^"]+)"', first)
    assert more
    rest = (await maya.browser.get(more[1].replace("&amp;", "&"), headers=SCRIPT)).text
    shown = re.findall(r'<li id="case-(\d+)"', first + rest)
    assert len(shown) == len(set(shown)) == 53
    assert 'class="more"' not in rest


async def test_rows_rank_in_the_order_of_the_list(
    maya: Person, installation: object, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        await a_conversation(session, assignee=maya.agent, with_messages=0)
        for _ in range(4):
            await a_conversation(session, assignee=maya.agent)
    for sort in ("due", "waiting", "new"):
        page = (await maya.browser.get(f"/inbox/mine?sort={sort}")).text
        ranks = re.findall(r'data-rank="([^"]+)"', page)
        assert ranks == sorted(ranks) and len(ranks) == 5


async def test_the_order_of_a_view_is_remembered_for_its_agent(
    maya: Person, new_person: NewPerson, installation: object, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        team = await a_team(session, maya.agent, name="Returns")
        older, newer = [await a_conversation(session, assignee=maya.agent) for _ in range(2)]
        older.case.team_id = newer.case.team_id = team.id
        newer.case.due_at = clock.now()
    first = re.compile(r'<li id="case-(\d+)"')

    async def top(path: str = "/inbox/team/returns", person: Person = maya) -> int:
        found = first.search((await person.browser.get(path)).text)
        assert found
        return int(found[1])

    assert await top() == newer.case.number
    answer = await maya.post("/inbox/order?in=team/returns", data={"sort": "waiting"})
    assert answer.headers["location"] == "/inbox/team/returns"
    assert await top() == older.case.number
    assert await top("/inbox/mine") == newer.case.number
    tomas = await new_person("Tomás Lima")
    assert await top(person=tomas) == newer.case.number
    await maya.post("/inbox/order?in=team/returns", data={"sort": "due"})
    assert await top() == newer.case.number
    assert (await maya.post("/inbox/order?in=mine", data={"sort": "loudest"})).status_code == 422


async def test_a_star_is_its_agents_own(
    maya: Person, new_person: NewPerson, scene: Scene, sqlite_database: Database
) -> None:
    tomas = await new_person("Tomás Lima")
    path, found = f"/cases/{scene.case.number}/star", "/inbox/found?q=is:starred"
    row = f'id="case-{scene.case.number}"'
    answer = await maya.post(path, headers=SCRIPT)
    assert json.loads(answer.headers["hx-trigger"])["star"] == {"case": scene.case.number, "on": True}
    assert row in (await maya.browser.get(found)).text
    assert (
        "data-starred" in (await maya.browser.get(f"/cases/{scene.case.number}", follow_redirects=True)).text
    )
    assert row not in (await tomas.browser.get(found)).text
    await maya.post(path)
    assert row not in (await maya.browser.get(found)).text


async def test_whoever_has_a_chat_limit_sees_how_many_chats_they_have(
    maya: Person, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        channel = await a_webchat_channel(session)
        scene = await a_conversation(session, channel=channel, assignee=maya.agent)
        scene.case.last_channel_kind = ChannelKind.WEBCHAT
        before = (await maya.browser.get("/inbox/mine")).text
        await limit_chats(session, await session.merge(maya.agent), 6, by=SYSTEM)
    page = (await maya.browser.get("/inbox/mine")).text
    changed = (await maya.browser.get("/inbox/mine?changed=1", headers=SCRIPT)).text

    assert maya.agent.email in before and "of 6 chats" not in before
    assert '<span data-counter="chats">1</span> of 6 chats' in page
    assert '<b data-counter="chats">1</b>' in changed


async def test_tabs_divide_a_view_by_status(maya: Person, scene: Scene, sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        snoozed = await a_conversation(session, assignee=maya.agent, status=Status.SNOOZED, subject="Later")
    page = (await maya.browser.get("/inbox/mine?status=snoozed")).text
    assert f'id="case-{snoozed.case.number}"' in page
    assert f'id="case-{scene.case.number}"' not in page


async def test_the_queue_of_a_team_is_a_view(maya: Person, scene: Scene, sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        team = await a_team(session, maya.agent, name="Returns")
        ours = await a_conversation(session, subject="Of the team")
        ours.case.team_id = team.id
    page = (await maya.browser.get("/inbox/team/returns")).text
    assert f'id="case-{ours.case.number}"' in page and f'id="case-{scene.case.number}"' not in page


async def test_views_that_do_not_exist_are_not_found(maya: Person) -> None:
    assert (await maya.browser.get("/inbox/everything")).status_code == 404
    assert (await maya.browser.get("/inbox/team/nobody")).status_code == 404


async def test_a_row_names_the_other_cases_of_its_conversation(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    from inbox.actions.cases import open_case

    async with sqlite_database.transaction() as session:
        await open_case(session, scene.conversation, subject="Refund")
    assert "+1 other: Refund" in (await maya.browser.get("/inbox/mine")).text


async def test_the_next_who_waits_can_be_taken(
    maya: Person, installation: object, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        first = await a_conversation(session)
        await a_conversation(session)
    answer = await maya.post("/inbox/unassigned/next")
    assert f"case={first.case.number}" in answer.headers["location"]
    assert f'id="case-{first.case.number}"' in (await maya.browser.get("/inbox/mine")).text


async def test_names_and_subjects_are_escaped(
    maya: Person, installation: object, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        customer = await a_customer(session, name="<script>alert(1)</script>")
        await a_conversation(
            session, customer=customer, assignee=maya.agent, subject='"><img src=x>', text="<b>bold</b>"
        )
    page = (await maya.browser.get("/inbox/mine")).text
    assert "<script>alert" not in page and "<img src=x>" not in page and "<b>bold" not in page


async def test_pages_are_for_those_who_are_signed_in(stranger: object) -> None:
    answer = await stranger.get("/inbox/mine")  # type: ignore[attr-defined]
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
