"""Who is responsible for a case."""

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import assignments
from inbox.actors import Actor
from inbox.models import Agent, Case
from inbox.phrases import Phrase, phrase
from inbox.queries import agents, assignments as history, case_rows, redirects
from inbox.queries.case_views import CaseFilter, View
from inbox.queries.happenings import Reading
from web.acting import actor_of, number_of, on_case, text_of
from web.answers import moved
from web.installation import installation_of
from web.sheets import sheet


async def update(request: Request) -> Response:
    """POST /cases/{number}/assignee {to: me | nobody | an agent's id}"""
    wanted = text_of(await request.form(), "to")

    async def act(session: Reading, case: Case, agent: Agent) -> Phrase:
        to = await _agent(session, wanted, agent)
        await assignments.assign(session, case, to=to, by=agent)
        if to is None:
            return phrase("Nobody is responsible now.")
        return (
            phrase("Yours now.")
            if to.id == agent.id
            else phrase("%(name)s is responsible now.", name=to.name)
        )

    return await on_case(request, act)


async def update_team(request: Request) -> Response:
    """POST /cases/{number}/team {to: none | a team's id}"""
    wanted = text_of(await request.form(), "to")

    async def act(session: Reading, case: Case, agent: Agent) -> Phrase:
        team = await agents.team_by_id(session, wanted) if wanted != "none" else None
        await assignments.assign_team(session, case, team=team, by=agent)
        if team is None:
            return phrase("In the queue of no team now.")
        return phrase("In the queue of %(team)s.", team=team.name)

    return await on_case(request, act)


async def claim(request: Request) -> Response:
    """POST /cases/{number}/claim: somebody has begun to answer; nothing is said where others have it"""

    async def act(session: Reading, case: Case, agent: Agent) -> Phrase | str:
        has_it = await assignments.claim(session, case, by=agent)
        return phrase("Yours now: you are answering.") if has_it else ""

    return await on_case(request, act)


async def index(request: Request) -> Response:
    """GET /cases/{number}/assignments: who has had it, from when to when, and why"""
    async with installation_of(request).database.reading() as session:
        case = await redirects.find_case(session, number_of(request), actor=actor_of(request))
        spells = await history.of_case(session, case)
        back = f"/cases/{case.number}"
        part = "assignments/_index.html"
        return await sheet(request, session, part, back=back, case=case, spells=spells)


async def take_next(request: Request) -> Response:
    """POST /inbox/unassigned/next: become responsible for whoever has waited longest"""
    agent, actor = request.state.agent, Actor.agent(request.state.agent)
    async with installation_of(request).database.transaction() as session:
        wanted = CaseFilter(view=View.UNASSIGNED)
        found = await case_rows.rows(session, wanted, actor=actor, limit=1)
        if not found.items:
            return moved(request, "/inbox/mine")
        (row,) = found.items
        case = await session.get_one(Case, row.case.id)
        await assignments.assign(session, case, to=agent, by=agent)
    return moved(request, f"/conversations/{row.conversation_id}?case={row.case.number}&in=mine")


async def _agent(session: Reading, wanted: str, me: Agent) -> Agent | None:
    if wanted == "nobody":
        return None
    return me if wanted == "me" else await agents.by_id(session, wanted)
