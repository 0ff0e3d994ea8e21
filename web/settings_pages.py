"""What all settings pages have in common: their frame and the way a field's trouble is shown."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from inbox.actors import Actor
from inbox.errors import Conflict, Invalid
from web.installation import installation_of
from web.templating import page
from web.wording import words_for
from web.workspace import shell_for


async def settings_page(
    request: Request,
    template: str,
    *,
    section: str,
    problem: Invalid | Conflict | None = None,
    status: int | None = None,
    **context: Any,
) -> HTMLResponse:
    """A page of the settings; *section* is marked in its navigation. A *problem* stands beside its field
    and makes the answer a 422, so that scripts show it too."""
    async with installation_of(request).database.reading() as session:
        shell = await shell_for(session, request.state.agent)
    return page(
        request,
        template,
        status=status or (422 if problem else 200),
        shell=shell,
        current="settings",
        section=section,
        quarantined=shell.quarantined,
        problem=words_for(request).told(problem.phrase) if problem else "",
        problem_field=problem.field if isinstance(problem, Invalid) else None,
        **context,
    )


def actor_of(request: Request) -> Actor:
    """Whoever is signed in, as actions take them."""
    return Actor.agent(request.state.agent)
