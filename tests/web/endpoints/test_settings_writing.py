"""What is set about writing: hours, signatures, quoting, and what is said out of hours."""

from sqlalchemy import select

from inbox.db import Database
from inbox.models import Agent, Channel, WorkingHours
from tests.builders import Scene, a_team
from tests.web.conftest import Person

WEEK = {f"day_{number}": "9-12:30, 13:30-17:00" for number in range(5)} | {"day_5": "", "day_6": ""}


async def test_an_admin_sets_the_hours_of_the_workspace_and_of_a_team(
    ada: Person, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        team = await a_team(session, name="Returns")
    form = WEEK | {"time_zone": "Europe/Lisbon", "country": "PT", "closed_days": "2026-12-24\n2026-12-31"}
    saved = await ada.post("/settings/hours/workspace", data=form)
    assert saved.headers["location"] == "/settings/hours?team=workspace&saved=1"
    page = (await ada.browser.get("/settings/hours?saved=1")).text
    assert 'value="09:00-12:30, 13:30-17:00"' in page and "2026-12-24" in page
    assert '<option value="PT" selected>' in page
    inherited = (await ada.browser.get(f"/settings/hours?team={team.public_id}")).text
    assert "works when the workspace does" in inherited and 'value="Europe/Lisbon"' in inherited
    await ada.post(f"/settings/hours/{team.public_id}", data=form | {"day_5": "10-14"})
    async with sqlite_database.reading() as session:
        rows = {row.team_id: row for row in await session.scalars(select(WorkingHours))}
    assert rows[None].week[5] == [] and rows[team.id].week[5] == [["10:00", "14:00"]]
    await ada.post(f"/settings/hours/{team.public_id}/remove")
    async with sqlite_database.reading() as session:
        assert len((await session.scalars(select(WorkingHours))).all()) == 1


async def test_hours_that_cannot_be_are_given_back_with_the_reason(ada: Person) -> None:
    form = WEEK | {"time_zone": "Europe/Lisbon", "day_0": "17-9"}
    answer = await ada.post("/settings/hours/workspace", data=form)
    assert answer.status_code == 422 and "Hours end after they begin" in answer.text
    assert 'value="17-9"' in answer.text


async def test_hours_are_for_admins(maya: Person) -> None:
    assert (await maya.browser.get("/settings/hours")).status_code == 403
    assert (await maya.post("/settings/hours/workspace", data=WEEK)).status_code == 403


async def test_an_agent_writes_a_signature_that_is_filled_in(maya: Person, sqlite_database: Database) -> None:
    form = {"signature": "**{{ agent.first_name }}**", "opens_next": "yes"}
    assert (await maya.post("/settings/writing", data=form)).status_code == 303
    async with sqlite_database.reading() as session:
        agent = await session.get_one(Agent, maya.agent.id)
    assert (agent.signature, agent.opens_next) == ("**{{ agent.first_name }}**", True)
    refused = await maya.post("/settings/writing", data={"signature": "{% for x in y %}"})
    assert refused.status_code == 422 and "cannot be filled in" in refused.text


async def test_a_mailbox_keeps_its_signature_its_limits_and_what_it_says_out_of_hours(
    ada: Person, scene: Scene, sqlite_database: Database
) -> None:
    url = f"/settings/channels/{scene.channel.public_id}/writing"
    assert f'href="{url}"' in (await ada.browser.get(url.removesuffix("/writing"))).text
    form = {
        "signature": "Harbour & Pine, {{ mailbox.address }}",
        "quoting": "none",
        "largest_mail": "10",
        "acknowledgement_subject": "We have your mail",
        "acknowledgement": "We answer on Monday.",
    }
    assert (await ada.post(url, data=form)).status_code == 303
    page = (await ada.browser.get(url)).text
    assert "Needs" in page and "working hours" in page and "We answer on Monday." in page
    async with sqlite_database.reading() as session:
        settings = (await session.get_one(Channel, scene.channel.id)).settings
    assert settings["acknowledgement"] == {"subject": "We have your mail", "text": "We answer on Monday."}
    assert (settings["quoting"], settings["largest_mail"]) == ("none", 10_000_000)
    assert settings["smtp_url"], "what stands elsewhere stays"
    await ada.post(url, data={"quoting": "last"})
    async with sqlite_database.reading() as session:
        left = (await session.get_one(Channel, scene.channel.id)).settings
    assert not {"signature", "quoting", "largest_mail", "acknowledgement"} & left.keys()
