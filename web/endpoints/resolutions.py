"""The ends of a case, and back to open."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import resolutions
from inbox.models import Agent, Case
from inbox.phrases import N_
from inbox.queries.happenings import Reading
from web.acting import on_case


async def create(request: Request) -> Response:
    """POST /cases/{number}/resolution"""
    return await _done(request, resolutions.resolve, N_("Resolved."))


async def reopen(request: Request) -> Response:
    """POST /cases/{number}/reopening"""
    return await _done(request, resolutions.reopen, N_("Open again."))


async def set_pending(request: Request) -> Response:
    """POST /cases/{number}/pending"""
    return await _done(request, resolutions.set_pending, N_("Pending: they owe the next answer."))


async def mark_spam(request: Request) -> Response:
    """POST /cases/{number}/spam"""
    return await _done(request, resolutions.mark_spam, N_("Marked as spam."))


async def unmark_spam(request: Request) -> Response:
    """POST /cases/{number}/unspam"""
    return await _done(request, resolutions.unmark_spam, N_("Not spam: as it was before."))


async def _done(request: Request, change: Callable[..., Awaitable[None]], words: str) -> Response:
    async def act(session: Reading, case: Case, agent: Agent) -> str:
        await change(session, case, by=agent)
        return words

    return await on_case(request, act)
