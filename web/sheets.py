"""What opens over a page: for a script only its content (`a[data-sheet]`), without one a page of its own."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from inbox.queries.happenings import Reading
from web.answers import is_scripted
from web.templating import page
from web.workspace import shell_for


async def sheet(
    request: Request, session: Reading, part: str, *, back: str, status: int = 200, **context: Any
) -> HTMLResponse:
    """The template *part*; *back* is where its page leads when somebody has changed their mind."""
    if is_scripted(request):
        return page(request, part, status=status, back=back, **context)
    shell = await shell_for(session, request.state.agent)
    given = {"part": part, "back": back, "shell": shell, "current": "", **context}
    return page(request, "sheets/show.html", status=status, **given)
