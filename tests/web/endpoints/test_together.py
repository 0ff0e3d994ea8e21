"""Working beside others: handing on, covering, following, claiming, reading a teammate's draft."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from inbox import clock
from inbox.actions.absences import plan_absence
from inbox.actions.assignments import assign
from inbox.actions.drafts import save_draft
from inbox.actions.handoffs import offer
from inbox.actors import Actor
from inbox.db import Database
from inbox.models import Absence, Case, Conversation, Direction, Follower, Handoff, Message, Mute
from inbox.queries.followers import Attention, attention_of
from tests.builders import Scene, a_conversation, a_team
from tests.web.conftest import NewPerson, Person
from tests.web.endpoints.conftest import SCRIPT
from web.installation import Installation


@pytest.fixture
async def priya(new_person: NewPerson) -> Person:
    """A teammate of Maya's."""
    return await new_person("Priya Nair")


async def goes_away(database: Database, person: Person, cover: Person) -> None:
    async with database.transaction() as session:
        until, by = clock.now() + timedelta(days=3), Actor.agent(person.agent)
        await plan_absence(session, person.agent, ends_at=until, cover=cover.agent, by=by)


async def case_of(database: Database, scene: Scene) -> Case:
    async with database.reading() as session:
        return await session.get_one(Case, scene.case.id)


async def test_handing_off_shows_how_much_everybody_has_to_do_and_who_is_away(
    maya: Person, priya: Person, new_person: NewPerson, sqlite_database: Database, scene: Scene
) -> None:
    tomas = await new_person("Tomas Lima")
    async with sqlite_database.transaction() as session:
        await a_team(session, priya.agent, name="Orders")
        for _ in range(3):
            await a_conversation(session, assignee=priya.agent)
    await goes_away(sqlite_database, tomas, priya)

    url = f"/cases/{scene.case.number}/handoffs/new"
    sheet = await maya.browser.get(url, headers=SCRIPT)
    page = await maya.browser.get(url)

    assert "<html" not in sheet.text and "<html" in page.text
    for text in (sheet.text, page.text):
        assert "Orders" in text and "3 open · 3 waiting" in text and "Away until" in text
        assert f'for="to-agent:{priya.agent.public_id}"' in text, "whoever covers is proposed"
        assert f"agent:{maya.agent.public_id}" not in text


async def test_a_handoff_is_declined_with_a_line_and_its_offerer_keeps_following(
    maya: Person, priya: Person, sqlite_database: Database, scene: Scene
) -> None:
    data = {"to": f"agent:{priya.agent.public_id}", "reason": "Over my limit", "follow": "yes"}
    await maya.post(f"/cases/{scene.case.number}/handoffs", data=data)
    async with sqlite_database.reading() as session:
        handoff = (await session.scalars(select(Handoff))).one()
        followers = (await session.scalars(select(Follower.agent_id))).all()
    asked = await priya.browser.get(f"/handoffs/{handoff.public_id}/answer", headers=SCRIPT)
    await priya.post(f"/handoffs/{handoff.public_id}/decline", data={"answer": "Off today"})

    async with sqlite_database.reading() as session:
        declined = await session.get_one(Handoff, handoff.id)
    assert "Over my limit" in asked.text and followers == [maya.agent.id]
    assert (declined.state, declined.answer) == ("declined", "Off today")


async def test_what_is_handed_to_somebody_stands_in_a_view_of_theirs_with_its_reason(
    maya: Person, priya: Person, sqlite_database: Database, scene: Scene
) -> None:
    async with sqlite_database.transaction() as session:
        case = await session.get_one(Case, scene.case.id)
        await offer(session, case, to=priya.agent, by=maya.agent, reason="Needs a bespoke shade")

    theirs = (await priya.browser.get("/inbox/offered")).text
    own = (await maya.browser.get("/inbox/offered")).text

    assert "Needs a bespoke shade" in theirs and 'data-counter="offered">1<' in theirs
    assert "Needs a bespoke shade" not in own and "Nothing is handed to you" in own


async def test_whoever_begins_to_answer_takes_an_unassigned_case_once(
    maya: Person, priya: Person, sqlite_database: Database, scene: Scene
) -> None:
    async with sqlite_database.transaction() as session:
        await assign(session, await session.get_one(Case, scene.case.id), to=None, by=maya.agent)

    first = await priya.post(f"/cases/{scene.case.number}/claim", headers=SCRIPT)
    second = await maya.post(f"/cases/{scene.case.number}/claim", headers=SCRIPT)
    assert "Yours now" in first.headers["hx-trigger"] and "hx-trigger" not in second.headers
    assert (await case_of(sqlite_database, scene)).assignee_id == priya.agent.id

    undo = re.search(r"/undo/\w+", first.headers["hx-trigger"])
    assert undo is not None
    await priya.post(undo[0])
    assert (await case_of(sqlite_database, scene)).assignee_id is None


async def test_a_draft_can_be_read_by_teammates_but_for_those_of_private_cases(
    maya: Person, priya: Person, sqlite_database: Database, scene: Scene
) -> None:
    async with sqlite_database.transaction() as session:
        conversation = await session.get_one(Conversation, scene.conversation.id)
        strand, text = scene.strand, "Dear Ana, <b>tomorrow</b>"
        await save_draft(session, conversation, by=maya.agent, kind="reply", text=text, strand=strand)
    url = f"/conversations/{scene.conversation.public_id}/drafts/{maya.agent.public_id}"
    shown = await priya.browser.get(url, headers=SCRIPT)
    nothing = await maya.browser.get(url.replace(maya.agent.public_id, priya.agent.public_id))
    async with sqlite_database.transaction() as session:
        (await session.get_one(Case, scene.case.id)).is_private = True
    hidden = await priya.browser.get(url)

    assert "Dear Ana, &lt;b&gt;tomorrow" in shown.text and "<textarea" not in shown.text
    assert "Nothing is saved yet" in nothing.text
    assert hidden.status_code == 404


async def test_following_and_muting_are_shown_where_they_were_chosen(
    maya: Person, sqlite_database: Database, scene: Scene
) -> None:
    states: list[Attention] = []
    for way in ("follow", "mute", "unmute"):
        answer = await maya.post(f"/cases/{scene.case.number}/{way}", headers=SCRIPT)
        assert str(scene.case.number) in answer.headers["hx-trigger"]
        async with sqlite_database.reading() as session:
            states.append(await attention_of(session, scene.case.id, maya.agent.id))
        page = (await maya.browser.get(f"/cases/{scene.case.number}", follow_redirects=True)).text
        pressed = re.findall(r'aria-pressed="(true|false)"[^>]* aria-label="(\w+)"', page)
        assert [one == "true" for one, _ in pressed][-2:] == [states[-1].follows, states[-1].is_muted]
    async with sqlite_database.reading() as session:
        left = (await session.scalars(select(Mute))).all()

    assert states == [Attention(follows=True), Attention(is_muted=True), Attention()] and not left


async def test_who_has_had_a_case_is_told_with_the_reasons(
    maya: Person, priya: Person, sqlite_database: Database, scene: Scene
) -> None:
    number = scene.case.number
    await maya.post(f"/cases/{number}/assignee", data={"to": priya.agent.public_id})
    data = {"to": f"agent:{maya.agent.public_id}", "reason": "Over my limit"}
    await priya.post(f"/cases/{number}/handoffs", data=data)
    async with sqlite_database.reading() as session:
        handoff = (await session.scalars(select(Handoff))).one()
    await maya.post(f"/handoffs/{handoff.public_id}/accept")

    told = (await maya.browser.get(f"/cases/{number}/assignments", headers=SCRIPT)).text

    assert told.index("Handed by Priya Nair") < told.index("Given by Maya Okafor")
    assert "“Over my limit”" in told


async def test_whoever_mentions_somebody_away_is_told(
    maya: Person, priya: Person, new_person: NewPerson, sqlite_database: Database, scene: Scene
) -> None:
    tomas = await new_person("Tomas Lima")
    await goes_away(sqlite_database, priya, tomas)
    url = f"/conversations/{scene.conversation.public_id}/notes"
    away = await maya.post(url, data={"text": "@Priya look"}, headers=SCRIPT)
    here = await maya.post(url, data={"text": "@Tomas look"}, headers=SCRIPT)

    assert "Priya Nair is away; Tomas Lima covers." in away.headers["hx-trigger"]
    assert "hx-trigger" not in here.headers


async def test_an_absence_is_planned_in_the_zone_of_whoever_plans_it_and_ended(
    maya: Person, priya: Person, sqlite_database: Database
) -> None:
    data = {
        "starts": "2099-03-01T09:00",
        "ends": "2099-03-05T18:00",
        "cover": f"agent:{priya.agent.public_id}",
        "zone": "Asia/Tokyo",
    }
    await maya.post("/settings/absence", data=data)
    async with sqlite_database.reading() as session:
        (absence,) = (await session.scalars(select(Absence))).all()
    page = (await maya.browser.get("/settings/absence")).text
    theirs = (await priya.browser.get("/settings/absence")).text
    await maya.post("/settings/absence/end")
    after = (await maya.browser.get("/settings/absence")).text

    assert absence.starts_at.isoformat() == "2099-03-01T00:00:00+00:00"
    assert "Not away after all" in page and "<b>Priya Nair</b>" in page
    assert "Maya Okafor" in theirs and "Not away after all" not in after


async def test_an_absence_that_cannot_be_is_refused_beside_its_field(
    maya: Person, ada: Person, sqlite_database: Database
) -> None:
    past = await maya.post("/settings/absence", data={"ends": "2001-01-01T09:00"})
    own = await maya.post("/settings/absence", data={"cover": f"agent:{maya.agent.public_id}"})
    other = await maya.post("/settings/absence", data={"agent": ada.agent.public_id})
    admins = await ada.post("/settings/absence", data={"agent": maya.agent.public_id})

    assert (past.status_code, own.status_code, other.status_code) == (422, 422, 403)
    assert "still to come" in past.text and "Choose somebody else to cover" in own.text
    assert admins.headers["location"] == f"/settings/agents/{maya.agent.public_id}?saved=1"


async def test_a_leaver_is_out_at_once_and_their_cases_go_where_the_admin_says(
    ada: Person, maya: Person, priya: Person, installation: Installation, scene: Scene
) -> None:
    url = f"/settings/agents/{maya.agent.public_id}/deactivate"
    asked = (await ada.browser.get(url)).text
    answer = await ada.post(url, data={"cases": "one", "to": f"agent:{priya.agent.public_id}"})
    after = (await ada.browser.get(answer.headers["location"])).text

    assert "Where does their 1 unfinished case go?" in asked
    assert (await maya.browser.get("/inbox/mine")).status_code == 303
    assert (await case_of(installation.database, scene)).assignee_id == priya.agent.id
    undo = re.search(r'action="(/undo/\w+)"', after)
    assert undo is not None and "1 case has gone elsewhere" in after
    assert (await ada.post(undo[1])).headers["location"] == "/settings/agents"
    assert (await case_of(installation.database, scene)).assignee_id == maya.agent.id


async def test_the_last_admin_cannot_leave(ada: Person) -> None:
    answer = await ada.post(f"/settings/agents/{ada.agent.public_id}/deactivate")

    assert answer.status_code == 422 and "There must be one admin" in answer.text


async def test_a_chat_limit_is_kept_and_shown(ada: Person, maya: Person) -> None:
    url = f"/settings/agents/{maya.agent.public_id}"
    await ada.post(url, data={"chat_limit": "6"})
    wrong = await ada.post(url, data={"chat_limit": "0"})

    assert 'name="chat_limit" type="number" min="1" max="100" value="6"' in (await ada.browser.get(url)).text
    assert wrong.status_code == 422
    assert "at most 6 chats" in (await ada.browser.get("/settings/agents")).text
    assert "0 of 6 chats" in (await ada.browser.get("/people", headers=SCRIPT)).text


async def test_whoever_hands_off_can_tell_the_customer_in_words_of_their_own_or_ours(
    maya: Person, priya: Person, sqlite_database: Database, scene: Scene
) -> None:
    url = f"/cases/{scene.case.number}/handoffs"
    sheet = await maya.browser.get(f"{url}/new", headers=SCRIPT)
    proposed = "Let me bring in Priya Nair, who sees everything above."
    assert 'name="tell"' in sheet.text and proposed in sheet.text
    given = {"to": f"agent:{priya.agent.public_id}", "reason": "Over my limit"}
    quiet = await maya.post(url, data=given | {"introduction": "Not ticked"})
    usual = await maya.post(url, data=given | {"tell": "yes"})
    own = await maya.post(url, data=given | {"tell": "yes", "introduction": "Priya knows these lamps best."})

    async with sqlite_database.reading() as session:
        of_ours = select(Message.text).where(Message.direction == Direction.OUTBOUND).order_by(Message.id)
        texts = (await session.scalars(of_ours)).all()
        case = await session.get_one(Case, scene.case.id)
    assert [answer.status_code for answer in (quiet, usual, own)] == [303, 303, 303]
    assert texts == [
        "Let me bring in Priya Nair, who sees everything above.",
        "Priya knows these lamps best.",
    ]
    assert case.waiting_since is not None, "the customer waits for their answer as before"
