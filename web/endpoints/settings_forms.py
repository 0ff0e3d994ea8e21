"""Settings → Channels → a form: its preview, its pause, and the waves of spam that are swept away."""

from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from channels.forms.fields import form_fields
from inbox import clock
from inbox.actions import channels as ways, sweeps
from inbox.envelopes import ChannelKind
from inbox.errors import NotFound
from inbox.models import Channel
from inbox.phrases import N_
from inbox.queries import channels, submissions
from inbox.queries.happenings import Reading
from web.channel_forms import described, rows_given
from web.form_pages import preview_page
from web.installation import installation_of
from web.settings_pages import actor_of
from web.wording import language_of, words_for

HOME = "/settings/channels"
YOURS = N_("Your form")
PERIODS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


async def preview(request: Request) -> Response:
    """POST /settings/forms/preview: the form as its builder stands, before anything is saved."""
    form = await request.form()
    name, intro = (str(form.get(part) or "").strip() for part in ("name", "intro"))
    fields = form_fields({"fields": described(rows_given(form))})
    return preview_page(name or words_for(request).said(YOURS), intro, fields, language=language_of(request))


async def pause(request: Request) -> Response:
    """POST /settings/channels/{id}/pause: close the form; who comes is told so."""
    return await _settle(request, paused=True)


async def resume(request: Request) -> Response:
    """POST /settings/channels/{id}/resume: open it again."""
    return await _settle(request, paused=False)


async def sweep(request: Request) -> Response:
    """POST /settings/channels/{id}/sweeps: judge what came from a network in a period as spam."""
    form, installation = await request.form(), installation_of(request)
    since, agent = since_of(str(form.get("period") or "")), request.state.agent
    async with installation.database.transaction() as session:
        channel = await _form(session, request)
        network = str(form.get("network") or "")
        begun = await sweeps.begin(session, channel, network=network, since=since, by=agent)
    more = 1
    while more:
        async with installation.database.transaction() as session:
            more = await sweeps.sweep_some(session, begun.id, by=agent)
    return _back(request, f"?period={period_of(str(form.get('period') or ''))}#submissions")


async def restore(request: Request) -> Response:
    """POST /settings/channels/{id}/sweeps/{sweep}/undo: take all its verdicts back."""
    installation, agent = installation_of(request), request.state.agent
    async with installation.database.reading() as session:
        channel = await _form(session, request)
        begun = await submissions.sweep_by_id(session, channel, request.path_params["sweep"])
    more = 1
    while more:
        async with installation.database.transaction() as session:
            more = await sweeps.restore_some(session, begun.id, by=agent)
    return _back(request, "#submissions")


def period_of(given: str) -> str:
    """The name of a period; the last hour where it is none."""
    return given if given in PERIODS else "hour"


def since_of(given: str) -> datetime:
    """When a period began."""
    return clock.now() - PERIODS[period_of(given)]


async def _settle(request: Request, *, paused: bool) -> Response:
    installation = installation_of(request)
    async with installation.database.transaction() as session:
        channel = await _form(session, request)
        await ways.set_paused(session, channel, paused=paused, by=actor_of(request))
    return _back(request, "")


async def _form(session: Reading, request: Request) -> Channel:
    channel = await channels.by_id(session, request.path_params["id"])
    if channel.kind != ChannelKind.FORM:
        raise NotFound("There is no such page.")
    return channel


def _back(request: Request, rest: str) -> Response:
    return RedirectResponse(f"{HOME}/{request.path_params['id']}{rest}", 303)
