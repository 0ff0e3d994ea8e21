"""The lead's page: who waits and how soon people are answered, each figure with a way to its list."""

from datetime import timedelta

from inbox import clock as product_clock
from inbox.actions.targets import set_targets
from inbox.actors import SYSTEM, Actor
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.models import Agent, Case, Channel
from inbox.queries import leads
from tests.builders import a_conversation, a_customer, a_team, an_agent
from tests.web.conftest import NewPerson, Person


async def test_figures_are_those_of_the_lists_they_lead_to(database: Database, clock: FrozenClock) -> None:
    async with database.transaction() as session:
        maya = await an_agent(session, name="Maya Okafor")
        team = await a_team(session, maya)
        clock.advance(days=-3)
        old = await a_conversation(session, customer=await a_customer(session))
        old.case.team_id, old.case.assignee_id = team.id, maya.id
        old.case.first_replied_at = product_clock.now() + timedelta(hours=2)
        clock.advance(days=3)
        await a_conversation(session, customer=await a_customer(session))
        channel = await session.get_one(Channel, old.channel.id)
        await set_targets(session, {channel: 60}, by=SYSTEM)
        day_began = product_clock.now().replace(hour=0)
    async with database.reading() as session:
        actor = Actor.agent(await session.get_one(Agent, maya.id))
        found = await leads.standings(session, actor=actor, day_began=day_began)

    assert (found.workspace.new, found.workspace.waiting, found.workspace.late) == (1, 2, 1)
    assert found.workspace.first_reply == timedelta(hours=2)
    (of_team,), (of_maya,) = found.teams, found.agents
    assert (of_team.waiting, of_team.late, of_maya.waiting) == (1, 1, 1)
    assert of_team.oldest is not None and of_team.words == f"team:{team.slug}"


async def test_the_page_leads_to_the_lists_and_hides_private_cases_of_others(
    maya: Person, new_person: NewPerson, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, customer=await a_customer(session))
        case = await session.get_one(Case, scene.case.id)
        case.assignee_id, case.first_replied_at = maya.agent.id, product_clock.now()
    page = (await maya.browser.get("/reports")).text
    link = "/inbox/found?q=assignee%3A%22Maya%20Okafor%22%20is%3Awaiting"
    assert f'href="{link}">1</a>' in page
    replied = "/inbox/found?q=assignee%3A%22Maya%20Okafor%22%20replied%3A7d"
    assert f'href="{link}&amp;sort=waiting"' in page and f'href="{replied}"' in page
    for found in (link, f"{link}&sort=waiting", replied):
        assert f'id="case-{scene.case.number}"' in (await maya.browser.get(found)).text
    none = await maya.browser.get(replied.replace("7d", "2100-01-01"))
    assert f'id="case-{scene.case.number}"' not in none.text

    async with sqlite_database.transaction() as session:
        (await session.get_one(Case, scene.case.id)).is_private = True
    tomas = await new_person("Tomás Lima")
    assert "is%3Awaiting" not in (await tomas.browser.get("/reports")).text
