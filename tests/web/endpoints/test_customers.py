"""Customers: corrected, merged, and taken apart again."""

import json
import re
from urllib.parse import quote

from sqlalchemy import select

from inbox.db import Database
from inbox.models import Case, Conversation, Customer, Merge, Note, Suggestion, SuggestionKind
from tests.builders import Scene, a_conversation, a_customer
from tests.web.conftest import Person
from tests.web.endpoints.conftest import SCRIPT


async def another(database: Database) -> Scene:
    async with database.transaction() as session:
        customer = await a_customer(session, name="Ana at home")
        return await a_conversation(session, customer=customer, subject="From home")


async def test_customers_are_listed_and_found(maya: Person, scene: Scene, sqlite_database: Database) -> None:
    await another(sqlite_database)
    assert "Ana at home" in (await maya.browser.get("/customers")).text
    found = (await maya.browser.get(f"/customers?q={scene.identity.address}")).text
    assert "Ana Sousa" in found and "Ana at home" not in found


async def test_a_customer_is_corrected(maya: Person, scene: Scene, sqlite_database: Database) -> None:
    url = f"/customers/{scene.customer.public_id}"
    form = {"name": "Ana S.", "company": "Norte", "new_name": "Orders", "new_value": "17", "mark": "shared"}
    assert (await maya.post(url, data=form)).status_code == 303
    page = (await maya.browser.get(url)).text
    assert "Ana S." in page and "Norte" in page
    assert 'name="field" value="attribute:Orders"' in page and 'name="value" value="17"' in page
    await maya.post(url, data={"name": "Ana S.", "company": "", "attribute-Orders": ""})
    async with sqlite_database.reading() as session:
        customer = await session.get_one(Customer, scene.customer.id)
    assert (customer.attributes, customer.marks, customer.company) == ({}, [], "")


async def test_two_customers_are_compared_merged_and_parted(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    other = await another(sqlite_database)
    async with sqlite_database.transaction() as session:
        for row, plan in ((scene.customer, "Basic"), (other.customer, "Trade")):
            customer = await session.get_one(Customer, row.id)
            customer.attributes = {"Plan": plan, f"Only {plan}": "yes"}
    url = f"/customers/{scene.customer.public_id}"
    merging = f"/customers/{other.customer.public_id}/merge"
    assert f"{merging}?into={scene.customer.public_id}" in (await maya.browser.get(f"{url}?with=home")).text
    page = (await maya.browser.get(f"{merging}?into={scene.customer.public_id}")).text
    assert all(
        words in page for words in ("Where is my order?", scene.identity.address, "Trade", "One thread")
    )
    assert 'name="field:attribute:Plan" value="merged"' in page and "field:attribute:Only" not in page

    form = {"into_id": scene.customer.public_id, "field:attribute:Plan": "merged", "field:name": "kept"}
    merged = await maya.post(merging, data=form)

    assert merged.headers["location"] == f"/conversations/{scene.conversation.public_id}"
    gone = await maya.browser.get(f"/customers/{other.customer.public_id}")
    assert gone.headers["location"] == url
    async with sqlite_database.reading() as session:
        merge = (await session.scalars(select(Merge))).one()
        kept = await session.get_one(Customer, scene.customer.id)
    assert kept.attributes == {"Plan": "Trade", "Only Basic": "yes", "Only Trade": "yes"}
    panel = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert f"/merges/{merge.public_id}/undo" in panel
    await maya.post(f"/merges/{merge.public_id}/undo")
    assert (await maya.browser.get(f"/customers/{other.customer.public_id}")).status_code == 200
    async with sqlite_database.reading() as session:
        parted = await session.get_one(Customer, scene.customer.id)
    assert parted.attributes == {"Plan": "Basic", "Only Basic": "yes"}


async def test_what_came_between_a_merge_and_its_undo_is_sorted_on_a_page_of_its_own(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    other = await another(sqlite_database)
    into = {"into_id": scene.customer.public_id}
    await maya.post(f"/customers/{other.customer.public_id}/merge", data=into)
    thread = f"/conversations/{scene.conversation.public_id}"
    await maya.post(f"{thread}/notes", data={"text": "She called from home", "case": other.case.number})
    async with sqlite_database.reading() as session:
        merge = (await session.scalars(select(Merge))).one()
    undone = await maya.post(f"/merges/{merge.public_id}/undo")
    sorting = f"/merges/{merge.public_id}"
    assert undone.headers["location"] == sorting
    page = (await maya.browser.get(sorting)).text
    assert "She called from home" in page
    action = re.search(r'action="(/notes/\w+/move)"', page)
    target = re.search(r'name="customer_id" value="(\w+)"', page)
    assert action is not None and target is not None

    moved = await maya.post(action[1], data={"customer_id": target[1], "back": sorting})

    assert moved.headers["location"] == sorting
    async with sqlite_database.reading() as session:
        note = (await session.scalars(select(Note))).one()
        home = await session.get_one(Conversation, note.conversation_id)
        customer = await session.get_one(Customer, home.customer_id)
    assert customer.public_id == target[1]


async def test_a_whole_case_is_moved_to_another_customer(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    other = await another(sqlite_database)
    url = f"/cases/{scene.case.number}/move"
    assert "Ana at home" in (await maya.browser.get(f"{url}?q=home")).text
    answer = await maya.post(url, data={"customer_id": other.customer.public_id}, headers=SCRIPT)
    assert "undo" in json.loads(answer.headers["hx-trigger"])["toast"]
    async with sqlite_database.reading() as session:
        case = await session.get_one(Case, scene.case.id)
    assert case.conversation_id == other.conversation.id


async def test_a_merge_with_nobody_is_refused(maya: Person, scene: Scene) -> None:
    answer = await maya.post(f"/customers/{scene.customer.public_id}/merge", data={"into_id": "x"})
    assert answer.status_code == 422


async def test_who_may_be_the_same_person_is_decided_in_the_panel(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    other = await another(sqlite_database)
    async with sqlite_database.transaction() as session:
        suggestion = Suggestion(
            kind=SuggestionKind.CLAIM,
            customer_id=scene.customer.id,
            other_customer_id=other.customer.id,
            conversation_id=scene.conversation.id,
            address="ana@home.example",
        )
        session.add(suggestion)
    url = f"/conversations/{scene.conversation.public_id}"
    assert "May be the same person" in (await maya.browser.get(url)).text
    answer = await maya.post(
        f"/suggestions/{suggestion.public_id}", data={"decision": "someone_else"}, headers=SCRIPT
    )
    assert answer.status_code == 204
    assert "May be the same person" not in (await maya.browser.get(url)).text


async def test_a_mark_offers_its_undo(maya: Person, scene: Scene, sqlite_database: Database) -> None:
    url = f"/customers/{scene.customer.public_id}"
    answer = await maya.post(url, data={"name": "Ana Sousa", "mark": "notifications"}, follow_redirects=True)
    undo = re.search(r'action="(/undo/\w+)"', answer.text)
    assert undo is not None and "has been sorted accordingly" in answer.text

    assert (await maya.post(undo[1])).headers["location"] == url
    async with sqlite_database.reading() as session:
        assert (await session.get_one(Customer, scene.customer.id)).marks == []


async def test_a_customers_page_leads_to_a_new_conversation_with_them(maya: Person, scene: Scene) -> None:
    page = await maya.browser.get(f"/customers/{scene.customer.public_id}")
    address = scene.identity.address
    assert f'href="/conversations/new?to={quote(address)}"' in page.text
    form = await maya.browser.get(f"/conversations/new?to={address}")
    assert f'name="to" value="{address}"' in form.text


async def test_one_thing_is_changed_in_its_place_and_undone(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    url = f"/customers/{scene.customer.public_id}"
    form = {"field": "attribute:Plan", "value": "Trade"}
    answer = await maya.post(f"{url}/details", data=form, headers=SCRIPT)
    undo = json.loads(answer.headers["hx-trigger"])["toast"]["undo"]
    panel = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert 'value="attribute:Plan"' in panel and 'name="value" value="Trade"' in panel
    assert (await maya.post(f"{url}/details", data={"field": "company", "value": "norte"})).status_code == 303

    assert (await maya.post(undo, headers=SCRIPT)).status_code == 204

    async with sqlite_database.reading() as session:
        customer = await session.get_one(Customer, scene.customer.id)
    assert (customer.attributes, customer.company) == ({}, "norte")
    assert (await maya.post(f"{url}/details", data={"field": "id", "value": "1"})).status_code == 422


async def test_customers_bear_tags(maya: Person, scene: Scene) -> None:
    url = f"/customers/{scene.customer.public_id}"
    for name in ("VIP", "Trade account", "vip"):
        assert (await maya.post(f"{url}/tags", data={"add": name}, headers=SCRIPT)).status_code == 204
    page = (await maya.browser.get(url)).text
    assert page.count(">VIP<") == 1 and ">Trade account<" in page
    await maya.post(f"{url}/tags", data={"remove": "VIP"})
    page = (await maya.browser.get(url)).text
    assert 'name="add" value="VIP"' in page and 'name="remove" value="VIP"' not in page


async def test_a_customer_is_blocked_listed_and_heard_again(maya: Person, scene: Scene) -> None:
    url = f"/customers/{scene.customer.public_id}"
    form = (await maya.browser.get(f"{url}/block")).text
    assert f'value="email {scene.identity.address}"' in form
    blocked = await maya.post(f"{url}/block", data={"identity": "", "reason": "Abuse", "with_cases": "1"})
    assert blocked.headers["location"].startswith("/undo/")
    assert (await maya.post(f"{url}/block", data={"identity": ""})).status_code == 422
    listed = (await maya.browser.get("/settings/blocked")).text
    end = re.search(r'action="(/blocks/\w+/end)"', listed)
    assert end is not None and "Abuse" in listed and "Ana Sousa" in listed
    panel = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert "Blocked" in panel and "Unblock" in panel and "Maya Okafor" in panel

    assert (await maya.post(end[1], headers=SCRIPT)).status_code == 204

    assert "Nobody is blocked." in (await maya.browser.get("/settings/blocked")).text
    assert (await maya.post(end[1])).status_code == 409


async def test_programs_tag_and_block(maya: Person, scene: Scene) -> None:
    url = f"/api/v1/customers/{scene.customer.public_id}"
    for body, tags, blocked in (
        ({"tags": ["VIP", "Trade"], "blocked": True}, ["Trade", "VIP"], True),
        ({"blocked": True, "tags": ["vip"]}, ["VIP"], True),
        ({"blocked": False}, ["VIP"], False),
    ):
        answer = await maya.program.patch(url, json=body)
        assert (answer.json()["tags"], answer.json()["blocked"]) == (tags, blocked), body
    assert (await maya.program.get(url)).json()["tags"] == ["VIP"]
