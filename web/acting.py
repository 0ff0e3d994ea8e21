"""What endpoints that change something share: find it, permit it, act in one transaction, answer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import undos
from inbox.actors import Actor
from inbox.models import Agent, Case, Undo
from inbox.phrases import Phrase
from inbox.policies import Action, authorize
from inbox.queries import redirects
from inbox.queries.happenings import Reading
from web.answers import done
from web.installation import installation_of

LARGEST_NUMBER = 2**62

OnCase = Callable[[Reading, Case, Agent], Awaitable[str | Phrase]]
"""Does something to a case for an agent; answers what the toast says."""


@dataclass(slots=True)
class Remembered:
    """How what was just done can be taken back, if it can."""

    undo: Undo | None = None


def actor_of(request: Request) -> Actor:
    """Who asks."""
    return Actor.agent(request.state.agent)


def text_of(form: FormData, name: str) -> str:
    """A text field of a form, "" where it was not sent."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def texts_of(form: FormData, name: str) -> list[str]:
    """All values of a field that may come several times."""
    return [value.strip() for value in form.getlist(name) if isinstance(value, str) and value.strip()]


def number_of(request: Request) -> int:
    """The case number of the path; what is too large for any is just not there."""
    return min(int(request.path_params["number"]), LARGEST_NUMBER)


@asynccontextmanager
async def remembering(session: Reading, agent: Agent) -> AsyncIterator[Remembered]:
    """Notice whether the block has made something that its agent can undo."""
    before = await undos.latest(session, by=agent)
    remembered = Remembered()
    yield remembered
    after = await undos.latest(session, by=agent)
    if after is not None and (before is None or after.id != before.id):
        remembered.undo = after


async def on_case(request: Request, act: OnCase) -> Response:
    """Do something to the case of the path, and offer to undo it where that is possible."""
    agent, actor = request.state.agent, actor_of(request)
    authorize(actor, Action.CHANGE)
    async with installation_of(request).database.transaction() as session:
        case = await redirects.find_case(session, number_of(request), actor=actor)
        async with remembering(session, agent) as remembered:
            text = await act(session, case, agent)
        number = case.number
    return done(request, f"/cases/{number}", text, remembered.undo)
