"""Passing a case on, and answering who does."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import handoffs
from inbox.errors import Invalid
from inbox.models import Agent, Case, Team
from inbox.queries import agents, named
from inbox.queries.happenings import Reading
from web.acting import actor_of, on_case, remembering, text_of
from web.answers import done
from web.installation import installation_of


async def create(request: Request) -> Response:
    """POST /cases/{number}/handoffs {to: agent:… | team:…, reason}"""
    form = await request.form()
    wanted, reason = text_of(form, "to"), text_of(form, "reason")

    async def act(session: Reading, case: Case, agent: Agent) -> str:
        to = await _receiver(session, wanted)
        await handoffs.offer(session, case, to=to, by=agent, reason=reason)
        if isinstance(to, Team):
            return f"In the queue of {to.name}."
        return f"Offered to {to.name}. You stay responsible until they accept."

    return await on_case(request, act)


async def accept(request: Request) -> Response:
    """POST /handoffs/{id}/accept"""
    return await _answered(request, handoffs.accept, "Yours now.")


async def decline(request: Request) -> Response:
    """POST /handoffs/{id}/decline"""
    return await _answered(request, handoffs.decline, "Declined.")


async def withdraw(request: Request) -> Response:
    """POST /handoffs/{id}/withdraw"""
    return await _answered(request, handoffs.withdraw, "Withdrawn.")


async def _answered(request: Request, answer: Callable[..., Awaitable[None]], words: str) -> Response:
    agent = request.state.agent
    async with installation_of(request).database.transaction() as session:
        handoff = await named.handoff(session, actor_of(request), request.path_params["id"])
        case = await session.get_one(Case, handoff.case_id)
        async with remembering(session, agent) as remembered:
            await answer(session, handoff, by=agent)
        number = case.number
    return done(request, f"/cases/{number}", words, remembered.undo)


async def _receiver(session: Reading, wanted: str) -> Agent | Team:
    kind, _, public_id = wanted.partition(":")
    if kind == "team":
        return await agents.team_by_id(session, public_id)
    if kind == "agent":
        return await agents.by_id(session, public_id)
    raise Invalid("Choose a team or a person.", field="to")
