"""HTML from templates. A page says what it shows; who looks and the form token are added here."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from web.csrf import form_token


@cache
def environment() -> Environment:
    """The Jinja environment: everything is escaped, and a name that is not there is an error."""
    return Environment(
        loader=PackageLoader("web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """A template as a response."""
    names = {
        "request": request,
        "agent": getattr(request.state, "agent", None),
        "csrf_token": lambda: form_token(request),
        **context,
    }
    return HTMLResponse(environment().get_template(template).render(names), status, headers)
