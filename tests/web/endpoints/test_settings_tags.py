"""Admins look after tags and customer fields."""

from sqlalchemy import select

from inbox.db import Database
from inbox.models import AuditEntry, Case, CaseTag, Customer, CustomerField, CustomerTag, SavedView, Tag
from tests.builders import Scene
from tests.web.conftest import Person


async def tags_of(database: Database) -> dict[str, Tag]:
    async with database.reading() as session:
        return {tag.name: tag for tag in await session.scalars(select(Tag))}


async def test_tags_are_made_renamed_joined_and_removed(
    ada: Person, scene: Scene, sqlite_database: Database
) -> None:
    for name in ("Refund", "Refunds", "Spare"):
        assert (await ada.post("/settings/tags", data={"name": name, "hue": "3"})).status_code == 303
    assert (await ada.post("/settings/tags", data={"name": "refund", "hue": "3"})).status_code == 422
    assert (await ada.post("/settings/tags", data={"name": "Red", "hue": "99"})).status_code == 422
    tags = await tags_of(sqlite_database)
    async with sqlite_database.transaction() as session:
        for name in ("Refund", "Refunds"):
            session.add(CaseTag(case_id=scene.case.id, tag_id=tags[name].id))
        session.add(CustomerTag(customer_id=scene.customer.id, tag_id=tags["Refunds"].id))
        session.add(
            SavedView(
                owner_id=ada.agent.id, name="Money", words='is:open tag:refunds -tag:"Refunds" tag:refundsx'
            )
        )
    page = (await ada.browser.get("/settings/tags")).text
    assert page.count("1 case<") == 2 and "1 customer<" in page

    await ada.post(f"/settings/tags/{tags['Refund'].public_id}", data={"name": "Money back", "hue": "4"})
    joining = f"/settings/tags/{tags['Refunds'].public_id}"
    assert "Join" in (await ada.browser.get(joining)).text
    await ada.post(f"{joining}/join", data={"into": tags["Refund"].public_id})
    await ada.post(f"/settings/tags/{tags['Spare'].public_id}/remove")

    left = await tags_of(sqlite_database)
    assert list(left) == ["Money back"] and left["Money back"].hue == 4
    async with sqlite_database.reading() as session:
        assert len((await session.scalars(select(CaseTag))).all()) == 1
        assert (await session.scalars(select(CustomerTag.customer_id))).all() == [scene.customer.id]
        view = (await session.scalars(select(SavedView))).one()
        assert view.words == 'is:open tag:"Money back" -tag:"Money back" tag:refundsx'
        kinds = set(await session.scalars(select(AuditEntry.kind)))
        assert {"tag.merged", "tag.removed"} <= kinds
        assert (await session.get_one(Case, scene.case.id)) is not None


async def test_fields_say_what_fits_a_customer(
    ada: Person, maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    fields = (
        {"name": "Customer number", "key": "number", "kind": "number"},
        {"name": "Since", "kind": "date"},
        {"name": "Plan", "kind": "choice", "choices": "Basic\nTrade\nBasic"},
        {"name": "Likes", "kind": "text"},
    )
    for field in fields:
        assert (await ada.post("/settings/fields", data=field)).status_code == 303
    assert (await ada.post("/settings/fields", data=fields[0])).status_code == 422
    assert (await ada.post("/settings/fields", data={"name": "X", "kind": "choice"})).status_code == 422
    url = f"/customers/{scene.customer.public_id}"
    page = (await maya.browser.get(url)).text
    assert 'type="date"' in page and "<option>Trade</option>" in page and "Customer number" in page
    for key, value, is_fit in (
        ("number", "12,5", True),
        ("number", "twelve", False),
        ("Since", "2026-02-30", False),
        ("Since", "2026-02-28", True),
        ("Plan", "Gold", False),
        ("Plan", "Trade", True),
    ):
        answer = await maya.post(f"{url}/details", data={"field": f"attribute:{key}", "value": value})
        assert answer.status_code == (303 if is_fit else 422), (key, value)
    answer = await maya.program.patch(f"/api/v1{url}", json={"attributes": {"number": 7, "Other": True}})
    assert answer.status_code == 200
    assert (await maya.program.patch(f"/api/v1{url}", json={"attributes": {"Plan": 1}})).status_code == 422
    async with sqlite_database.reading() as session:
        customer = await session.get_one(Customer, scene.customer.id)
        rows = (await session.scalars(select(CustomerField).order_by(CustomerField.position))).all()
    assert customer.attributes == {"number": 7, "Since": "2026-02-28", "Plan": "Trade", "Other": True}

    await ada.post(f"/settings/fields/{rows[3].public_id}/move", data={"to": "up"})
    await ada.post(f"/settings/fields/{rows[0].public_id}/remove")
    changed = {"name": "Tariff", "kind": "text"}
    await ada.post(f"/settings/fields/{rows[2].public_id}", data=changed)

    async with sqlite_database.reading() as session:
        names = select(CustomerField.name).order_by(CustomerField.position)
        assert list(await session.scalars(names)) == ["Since", "Likes", "Tariff"]
    assert (await maya.browser.get("/settings/fields")).status_code == 403
