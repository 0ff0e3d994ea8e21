"""Settings → Profile and Sessions."""

from inbox.actions import sign_ins
from inbox.models import Agent
from inbox.queries import agents
from tests.web.conftest import PASSWORD, NewPerson, Opened, Person
from web.installation import Installation

NEW_PASSWORD = "lantern orchard violin 4"


async def stored(installation: Installation, person: Person) -> Agent:
    async with installation.database.reading() as session:
        return await session.get_one(Agent, person.agent.id)


async def test_a_name_is_kept(maya: Person, installation: Installation) -> None:
    answer = await maya.post("/settings/profile", data={"name": " Maya  O. "})

    assert answer.status_code == 303
    assert (await stored(installation, maya)).name == "Maya O."


async def test_screens_speak_the_language_that_their_agent_has_chosen(
    maya: Person, installation: Installation, new_person: NewPerson
) -> None:
    other = await new_person("Tomás Lima")

    await maya.post("/settings/profile", data={"name": "Maya O.", "language": "de"})

    german = (await maya.browser.get("/settings/profile")).text
    assert '<html lang="de"' in german and '<script src="/static/words.de.js"' in german
    assert "Einstellungen" in german and "Settings" not in german
    english = (await other.browser.get("/settings/profile")).text
    assert '<html lang="en"' in english and "Settings" in english and "words." not in english
    refused = await maya.post("/settings/profile", data={"name": "Maya O.", "language": "xx"})
    assert refused.status_code == 422 and (await stored(installation, maya)).language == "de"


async def test_an_agent_cannot_make_themselves_an_admin(maya: Person, installation: Installation) -> None:
    data = {"name": "Maya Okafor", "role": "admin"}
    await maya.post("/settings/profile", data=data)

    assert not (await stored(installation, maya)).is_admin


async def test_a_new_password_signs_out_everywhere_but_here(
    maya: Person, installation: Installation, opened: Opened
) -> None:
    async with installation.database.transaction() as session:
        elsewhere = await sign_ins.begin_session(session, maya.agent, user_agent="at home")
    data = {"current": PASSWORD, "password": NEW_PASSWORD}

    answer = await maya.post("/settings/password", data=data)

    assert answer.status_code == 303
    known_hash = (await stored(installation, maya)).password_hash
    assert await installation.passwords.verify(known_hash, NEW_PASSWORD)
    assert (await maya.browser.get("/settings/profile")).status_code == 200
    other = opened(cookies={"onethread_session": elsewhere})
    assert (await other.get("/settings/profile")).status_code == 303


async def test_a_password_is_changed_only_by_whoever_knows_it(
    maya: Person, installation: Installation
) -> None:
    data = {"current": "not this one at all", "password": NEW_PASSWORD}
    answer = await maya.post("/settings/password", data=data)

    assert answer.status_code == 422
    assert "That is not your password." in answer.text
    assert await installation.passwords.verify((await stored(installation, maya)).password_hash, PASSWORD)


async def test_a_found_browser_cannot_guess_its_owners_password(maya: Person) -> None:
    answers = [
        await maya.post("/settings/password", data={"current": f"guess {n}", "password": NEW_PASSWORD})
        for n in range(40)
    ]

    assert answers[-1].status_code == 429


async def test_a_session_elsewhere_can_be_ended(
    maya: Person, installation: Installation, opened: Opened
) -> None:
    async with installation.database.transaction() as session:
        token = await sign_ins.begin_session(session, maya.agent, user_agent="Firefox at home")
    page = (await maya.browser.get("/settings/sessions")).text
    assert "Firefox at home" in page
    action = page[page.index("/settings/sessions/") :].partition('"')[0]

    assert (await maya.post(action)).status_code == 303

    assert (await opened(cookies={"onethread_session": token}).get("/settings/sessions")).status_code == 303
    assert (await maya.browser.get("/settings/sessions")).status_code == 200


async def test_nobody_ends_the_sessions_of_others(
    maya: Person, new_person: NewPerson, installation: Installation
) -> None:
    tomas = await new_person("Tomas Lima")
    async with installation.database.reading() as session:
        (own,) = await agents.sessions_of(session, tomas.agent)

    answer = await maya.post(f"/settings/sessions/{own.public_id}/revoke")

    assert answer.status_code == 404
    assert (await tomas.browser.get("/settings/sessions")).status_code == 200
