"""Words in Markdown as they will look."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from inbox.actions.queueing import LONGEST_TEXT
from inbox.errors import Invalid
from inbox.texts import markdown_html
from web.writing import words_of


async def create(request: Request) -> Response:
    """POST /previews {text}: sanitised HTML, the same that a mail bears. Raises Invalid for too much."""
    text = words_of(await request.form(), "text")
    if len(text) > LONGEST_TEXT:
        raise Invalid("A message has at most %(most)d characters.", most=LONGEST_TEXT, field="text")
    return HTMLResponse(markdown_html(text))
