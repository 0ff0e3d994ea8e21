"""Settings → Reply targets: within how much working time each channel's customers are answered."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import targets
from inbox.errors import Invalid
from inbox.models import Channel
from inbox.queries import channels
from inbox.targets import SETTING
from web.acting import text_of
from web.installation import installation_of
from web.settings_pages import actor_of, settings_page

HOME = "/settings/targets"
UNITS = {"minutes": 1, "hours": 60, "days": 60 * 24}


async def show(request: Request) -> Response:
    """GET /settings/targets"""
    return await _page(request)


async def change(request: Request) -> Response:
    """POST /settings/targets {amount_ID, unit_ID …}: an empty amount is no target"""
    form = await request.form()
    try:
        async with installation_of(request).database.transaction() as session:
            found = await channels.active(session)
            minutes = {channel: _minutes(form, channel) for channel in found}
            await targets.set_targets(session, minutes, by=actor_of(request))
    except Invalid as problem:
        return await _page(request, problem)
    return RedirectResponse(f"{HOME}?saved=1", 303)


def _minutes(form: FormData, channel: Channel) -> int | None:
    amount = text_of(form, f"amount_{channel.public_id}")
    if not amount:
        return None
    if not (amount.isascii() and amount.isdecimal() and len(amount) < 6):
        raise Invalid("Write a whole number for %(name)s.", name=channel.name, field="minutes")
    return int(amount) * UNITS.get(text_of(form, f"unit_{channel.public_id}"), 1)


async def _page(request: Request, problem: Invalid | None = None) -> Response:
    async with installation_of(request).database.reading() as session:
        rows = [(channel, *_amount(channel)) for channel in await channels.active(session)]
    saved = "saved" in request.query_params
    return await settings_page(
        request, "settings/targets.html", section="targets", problem=problem, rows=rows, saved=saved
    )


def _amount(channel: Channel) -> tuple[int | None, str]:
    """A target as a person would write it: 2 hours, not 120 minutes."""
    minutes = channel.settings.get(SETTING)
    if not minutes:
        return None, "hours"
    unit = next(unit for unit in ("days", "hours", "minutes") if minutes % UNITS[unit] == 0)
    return minutes // UNITS[unit], unit
