"""Many cases at once, from the list; and the palette, which finds what the page does not show."""

from inbox.actors import Actor
from inbox.db import Database
from inbox.models import Case, Status
from inbox.queries import case_rows
from inbox.queries.case_views import CaseFilter
from tests.builders import Scene, a_conversation, a_customer
from tests.web.conftest import NewPerson, Person

SCRIPT = {"HX-Request": "true"}


async def some_cases(database: Database, count: int) -> list[Case]:
    async with database.transaction() as session:
        return [
            (await a_conversation(session, customer=await a_customer(session))).case for _ in range(count)
        ]


async def in_view(database: Database, person: Person, view: str) -> set[int]:
    async with database.reading() as session:
        page = await case_rows.rows(session, CaseFilter(view=view), actor=Actor.agent(person.agent))
    return {row.case.number for row in page.items}


async def test_ticked_cases_are_resolved_and_the_toast_undoes_them(
    maya: Person, sqlite_database: Database
) -> None:
    found = await some_cases(sqlite_database, 3)
    numbers = [case.number for case in found[:2]]
    done = await maya.post("/cases/bulk", data={"number": numbers, "do": "resolve"}, headers=SCRIPT)
    assert done.status_code == 204 and '"2 resolved."' in done.headers["hx-trigger"]
    assert await in_view(sqlite_database, maya, "resolved") == set(numbers)

    undo = done.headers["hx-trigger"].split('"undo": "')[1].split('"')[0]
    assert (await maya.post(undo, headers=SCRIPT)).status_code == 204
    assert await in_view(sqlite_database, maya, "all") == {case.number for case in found}


async def test_all_of_a_list_is_meant_by_its_address(maya: Person, sqlite_database: Database) -> None:
    found = await some_cases(sqlite_database, 3)
    one = {"number": [found[0].number], "do": "snooze=reply"}
    assert (await maya.post("/cases/bulk", data=one, headers=SCRIPT)).status_code == 204
    rest = {"all": "/inbox/found?q=is:open", "do": "assign=me"}
    told = await maya.post("/cases/bulk", data=rest, headers=SCRIPT)
    assert "2 passed on." in told.headers["hx-trigger"]
    assert await in_view(sqlite_database, maya, "mine") == {case.number for case in found[1:]}


async def test_cases_are_tagged_and_given_to_others(
    maya: Person, new_person: NewPerson, sqlite_database: Database
) -> None:
    tomas, (case,) = await new_person("Tomás Lima"), await some_cases(sqlite_database, 1)
    for do in ("tag=refund", f"assign={tomas.agent.public_id}"):
        assert (await maya.post("/cases/bulk", data={"number": case.number, "do": do})).status_code == 303
    assert await in_view(sqlite_database, tomas, "mine") == {case.number}
    choices = (await maya.browser.get("/cases/bulk", headers=SCRIPT)).text
    assert f"assign={tomas.agent.public_id}" in choices and "tag=refund" in choices


async def test_what_makes_no_sense_is_refused_and_private_cases_of_others_are_left_out(
    maya: Person, new_person: NewPerson, scene: Scene, sqlite_database: Database
) -> None:
    tomas = await new_person("Tomás Lima")
    for data in ({"do": "resolve"}, {"number": scene.case.number, "do": "explode"}):
        assert (await maya.post("/cases/bulk", data=data, headers=SCRIPT)).status_code == 422
    async with sqlite_database.transaction() as session:
        (await session.get_one(Case, scene.case.id)).is_private = True
    ticked = {"number": scene.case.number, "do": "resolve"}
    told = await tomas.post("/cases/bulk", data=ticked, headers=SCRIPT)
    assert '"0 resolved."' in told.headers["hx-trigger"]
    async with sqlite_database.reading() as session:
        assert (await session.get_one(Case, scene.case.id)).status == Status.OPEN


async def test_the_palette_finds_cases_and_customers(maya: Person, scene: Scene) -> None:
    async def titles(typed: str) -> list[str]:
        found = await maya.browser.get("/palette", params={"q": typed})
        return [f"{item['group']}: {item['title']} {item['url']}" for item in found.json()["items"]]

    number, case = scene.case.number, f"/cases/{scene.case.number}"
    assert (await titles(f"#{number}"))[0].endswith(case)
    assert any(one.endswith(case) for one in await titles(scene.case.subject[:5]))
    assert any(one.startswith("Customers: ") for one in await titles(scene.identity.address))
    assert (await titles('"no: such'))[-1].startswith("Search: Search for")
    assert await titles("") == []
