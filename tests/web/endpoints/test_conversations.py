"""The page of a conversation."""

import re

from sqlalchemy import select

from inbox.actions import merges
from inbox.db import Database
from inbox.models import Case, ReadMark
from tests.builders import Scene, a_conversation, a_customer, an_inbound_message
from tests.web.conftest import NewPerson, Person
from tests.web.endpoints.conftest import SCRIPT


def url_of(scene: Scene) -> str:
    return f"/conversations/{scene.conversation.public_id}"


async def test_the_page_holds_the_list_the_thread_and_the_customer(maya: Person, scene: Scene) -> None:
    page = (await maya.browser.get(f"{url_of(scene)}?case={scene.case.number}")).text
    assert page.count("Where is my order?") >= 2
    assert f'data-sub="timeline:{scene.conversation.public_id}"' in page
    assert 'id="customer"' in page and scene.identity.address in page
    assert f'id="case-head-{scene.case.number}"' in page


async def test_that_an_address_is_verified_is_said_in_words_too(maya: Person, scene: Scene) -> None:
    page = (await maya.browser.get(url_of(scene))).text
    details = page[page.index(scene.identity.address, page.index('id="customer"')) :].partition("</dd>")[0]
    assert '<span class="vh">Verified</span>' in details


async def test_the_cursors_are_read_before_what_they_stand_for(maya: Person, scene: Scene) -> None:
    page = (await maya.browser.get(url_of(scene))).text
    position = scene.messages[-1].position
    assert f'data-cursor="p{position:x}"' in page


async def test_a_script_gets_the_thread_and_the_customer_alone(maya: Person, scene: Scene) -> None:
    answer = await maya.browser.get(url_of(scene), headers=SCRIPT)
    assert answer.text.lstrip().startswith("<title>")
    assert '<main class="thread" id="thread"' in answer.text
    assert '<aside class="side" id="customer"' in answer.text and 'hx-swap-oob="true"' in answer.text
    assert "<html" not in answer.text


async def test_what_is_older_comes_in_pages(maya: Person, scene: Scene, sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene.case = await session.get_one(Case, scene.case.id)
        for number in range(60):
            await an_inbound_message(session, scene, text=f"message number {number};")
    page = (await maya.browser.get(url_of(scene))).text
    older = re.search(r'<a class="fold older" data-older href="([^"]+)"', page)
    assert older and "message number 0;" not in page
    rest = (await maya.browser.get(older[1].replace("&amp;", "&"), headers=SCRIPT)).text
    assert "message number 0;" in rest and "message number 59;" not in rest
    positions = [int(found) for found in re.findall(r'data-position="(\d+)"', rest)]
    assert positions == sorted(positions)


async def test_a_case_number_leads_to_its_conversation(maya: Person, scene: Scene) -> None:
    answer = await maya.browser.get(f"/cases/{scene.case.number}")
    assert answer.headers["location"] == f"{url_of(scene)}?case={scene.case.number}"
    assert (await maya.browser.get("/cases/999999999999999999999999")).status_code == 404


async def test_a_merged_conversation_leads_to_where_it_went(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        other = await a_conversation(session, customer=await a_customer(session, name="Ana at home"))
    async with sqlite_database.transaction() as session:
        into = await session.get_one(type(scene.customer), scene.customer.id)
        gone = await session.get_one(type(other.customer), other.customer.id)
        await merges.merge(session, gone, into=into, by=maya.agent)
    answer = await maya.browser.get(url_of(other), follow_redirects=True)
    assert answer.status_code == 200
    assert f'data-sub="timeline:{scene.conversation.public_id}"' in answer.text


async def test_a_private_case_of_others_is_not_shown(
    maya: Person, new_person: NewPerson, scene: Scene, sqlite_database: Database
) -> None:
    tomas = await new_person("Tomás Lima")
    async with sqlite_database.transaction() as session:
        (await session.get_one(Case, scene.case.id)).is_private = True
    assert (await maya.browser.get(url_of(scene))).status_code == 200
    assert (await tomas.browser.get(url_of(scene))).status_code == 404
    assert (await tomas.browser.get(f"/cases/{scene.case.number}")).status_code == 404
    answer = await tomas.post(f"/cases/{scene.case.number}/resolution")
    assert answer.status_code == 404


async def test_marking_unread_goes_back_to_the_list(maya: Person, scene: Scene) -> None:
    position = scene.messages[-1].position
    await maya.post(f"{url_of(scene)}/read", data={"position": position}, headers=SCRIPT)
    answer = await maya.post(f"{url_of(scene)}/unread", headers=SCRIPT)
    assert answer.headers["hx-redirect"] == "/inbox/mine"
    assert "row--new" in (await maya.browser.get("/inbox/mine")).text


async def test_marking_unread_from_a_message_goes_back_to_the_list_it_was_opened_in(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    first = scene.messages[0].position
    page_url = {"HX-Current-URL": f"http://127.0.0.1:8000{url_of(scene)}?case=1&in=team/orders"}
    await maya.post(f"{url_of(scene)}/read", data={"position": scene.messages[-1].position}, headers=SCRIPT)
    answer = await maya.post(f"{url_of(scene)}/unread", data={"position": first}, headers=SCRIPT | page_url)
    odd = {"HX-Current-URL": "http://127.0.0.1:8000/?in=//elsewhere.test"}
    elsewhere = await maya.post(f"{url_of(scene)}/unread", headers=SCRIPT | odd)

    async with sqlite_database.reading() as session:
        (mark,) = await session.scalars(select(ReadMark.position))
    assert answer.headers["hx-redirect"] == "/inbox/team/orders"
    assert elsewhere.headers["hx-redirect"] == "/inbox/mine"
    assert mark == scene.messages[-1].position - 1, (
        "the second one named no message: what came last is unread"
    )


async def test_nobody_has_read_what_is_not_there_yet(maya: Person, scene: Scene) -> None:
    answer = await maya.post(f"{url_of(scene)}/read", data={"position": 10**9}, headers=SCRIPT)
    assert answer.status_code == 422


async def test_the_page_works_in_parts_that_need_no_script(maya: Person, scene: Scene) -> None:
    page = (await maya.browser.get(f"{url_of(scene)}?dialog=snooze")).text
    assert re.search(r'<dialog id="snooze"[^>]* open>', page)
    assert "style=" not in page and not re.search(r"<script(?![^>]* src=)", page)
