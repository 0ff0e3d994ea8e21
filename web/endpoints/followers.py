"""How an agent listens to a case: following it, or muting it."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import followers
from inbox.models import Agent, Case
from inbox.phrases import N_, Phrase
from inbox.queries.happenings import Reading
from web.acting import on_case


async def follow(request: Request) -> Response:
    """POST /cases/{number}/follow"""
    return await _listen(request, followers.follow, N_("You follow #%(number)s now."))


async def unfollow(request: Request) -> Response:
    """POST /cases/{number}/unfollow"""
    return await _listen(request, followers.unfollow, N_("You no longer follow #%(number)s."))


async def mute(request: Request) -> Response:
    """POST /cases/{number}/mute"""
    return await _listen(request, followers.mute, N_("#%(number)s is silent until somebody mentions you."))


async def unmute(request: Request) -> Response:
    """POST /cases/{number}/unmute"""
    return await _listen(request, followers.unmute, N_("#%(number)s is no longer muted."))


async def _listen(request: Request, change: Callable[..., Awaitable[None]], told: str) -> Response:
    async def act(session: Reading, case: Case, agent: Agent) -> Phrase:
        await change(session, case, by=agent)
        return Phrase(told, {"number": str(case.number)})

    return await on_case(request, act)
