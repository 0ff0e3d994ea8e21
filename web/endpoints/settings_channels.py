"""Settings → Channels: the ways in and out, how they are, and what they are told."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from channels.email import servers
from inbox.accounts import account_of
from inbox.actions import channels as ways
from inbox.envelopes import ChannelKind
from inbox.errors import Conflict, Invalid, NotFound
from inbox.models import Channel, Team
from inbox.queries import agents, channels, submissions
from inbox.queries.happenings import Reading
from inbox.words import LANGUAGES
from web.channel_forms import (
    FieldRow,
    moved,
    rows_given,
    rows_of,
    settings_of,
    values_given,
    values_of,
)
from web.endpoints.settings_forms import period_of, since_of
from web.form_pages import own_markup
from web.installation import Installation, installation_of
from web.mailbox_checks import check_account
from web.mailbox_forms import client_secret
from web.mailbox_pages import mailbox_facts
from web.settings_pages import actor_of, settings_page
from web.wording import language_of

SECTION = "channels"
HOME = "/settings/channels"


async def index(request: Request) -> Response:
    """GET /settings/channels"""
    async with installation_of(request).database.reading() as session:
        everything = await channels.everything(session)
    return await settings_page(request, "settings/channels.html", section=SECTION, channels=everything)


async def new(request: Request) -> Response:
    """GET /settings/channels/new/{kind}"""
    return await _new(request, _kind(request), values_of(None), rows_of({}))


async def create(request: Request) -> Response:
    """POST /settings/channels/new/{kind}"""
    kind, form = _kind(request), await request.form()
    if wanted := _button(form):
        return await _new(request, kind, values_given(form), moved(rows_given(form), wanted))
    installation = installation_of(request)
    try:
        async with installation.database.transaction() as session:
            channel = await ways.add_channel(
                session,
                kind=kind,
                name=_text(form, "name"),
                by=actor_of(request),
                keys=installation.keys,
                address=_text(form, "address") or None,
                settings=settings_of(kind, form),
                password=_password(form),
                default_team=await _team(session, form),
                reply_mailbox=await _reply_mailbox(session, form),
            )
            _keep_client_secret(channel, form, installation)
    except (Invalid, Conflict) as problem:
        return await _new(request, kind, values_given(form), _rows(kind, form), problem)
    return RedirectResponse(f"{HOME}/{channel.public_id}", 303)


async def show(request: Request) -> Response:
    """GET /settings/channels/{id}"""
    return await shown(request, await _channel(request))


async def change(request: Request) -> Response:
    """POST /settings/channels/{id}"""
    form, channel = await request.form(), await _channel(request)
    kind = ChannelKind(channel.kind)
    if wanted := _button(form):
        rows = moved(rows_given(form), wanted)
        return await shown(request, channel, values=values_given(form), rows=rows)
    installation = installation_of(request)
    try:
        async with installation.database.transaction() as session:
            changed = await ways.change_channel(
                session,
                await channels.by_id(session, channel.public_id),
                by=actor_of(request),
                keys=installation.keys,
                name=_text(form, "name"),
                settings=settings_of(kind, form),
                password=_password(form),
                default_team=await _team(session, form),
                has_default_team=True,
                reply_mailbox=await _reply_mailbox(session, form),
                has_reply_mailbox=True,
            )
            _keep_client_secret(changed, form, installation)
    except (Invalid, Conflict) as problem:
        rows = _rows(kind, form)
        return await shown(request, channel, values=values_given(form), rows=rows, problem=problem)
    return RedirectResponse(f"{HOME}/{channel.public_id}?saved=1", 303)


async def check(request: Request) -> Response:
    """POST /settings/channels/{id}/check: log in to the mail servers and say what is wrong."""
    channel, installation = await _channel(request), installation_of(request)
    if channel.kind != ChannelKind.EMAIL:
        raise NotFound("There is no such page.")
    account = account_of(channel, installation.keys)
    troubles = await check_account(account, installation)
    login = None if troubles else servers.foreign_login(account)
    return await shown(request, channel, troubles=troubles, foreign_login=login)


async def deactivate(request: Request) -> Response:
    """POST /settings/channels/{id}/deactivate"""
    async with installation_of(request).database.transaction() as session:
        channel = await channels.by_id(session, request.path_params["id"])
        await ways.deactivate(session, channel, by=actor_of(request))
    return RedirectResponse(HOME, 303)


async def activate(request: Request) -> Response:
    """POST /settings/channels/{id}/activate"""
    async with installation_of(request).database.transaction() as session:
        channel = await channels.by_id(session, request.path_params["id"])
        await ways.activate(session, channel, by=actor_of(request))
    return RedirectResponse(f"{HOME}/{channel.public_id}", 303)


async def _new(
    request: Request,
    kind: ChannelKind,
    values: Mapping[str, str],
    rows: Sequence[FieldRow],
    problem: Invalid | Conflict | None = None,
) -> Response:
    return await settings_page(
        request,
        "settings/channel_new.html",
        section=SECTION,
        problem=problem,
        kind=kind,
        values=values,
        rows=rows,
        channel=None,
        **await _choices(request, kind, values, None),
    )


async def shown(
    request: Request,
    channel: Channel,
    *,
    values: Mapping[str, str] | None = None,
    rows: Sequence[FieldRow] | None = None,
    problem: Invalid | Conflict | None = None,
    troubles: Sequence[str] | None = None,
    foreign_login: str | None = None,
    secret: str = "",
) -> Response:
    """The page of a channel, with what came of the last button."""
    values = values_of(channel) if values is None else values
    return await settings_page(
        request,
        "settings/channel.html",
        section=SECTION,
        problem=problem,
        kind=ChannelKind(channel.kind),
        channel=channel,
        values=values,
        rows=rows_of(channel.settings) if rows is None else rows,
        troubles=troubles,
        foreign_login=foreign_login,
        secret=secret,
        is_saved="saved" in request.query_params,
        base_url=installation_of(request).settings.base_url,
        **await _choices(request, ChannelKind(channel.kind), values, channel),
        **await _of_kind(request, channel),
    )


async def _of_kind(request: Request, channel: Channel) -> dict[str, Any]:
    """What the page of a form shows besides its settings."""
    if channel.kind == ChannelKind.WEBCHAT:
        return {"secrets_in_use": ways.identity_secrets(channel, installation_of(request).keys)}
    if channel.kind != ChannelKind.FORM:
        return {}
    period = period_of(request.query_params.get("period", ""))
    async with installation_of(request).database.reading() as session:
        sources = await submissions.sources_of(session, channel, since=since_of(period))
        swept = await submissions.sweeps_of(session, channel)
    base_url = installation_of(request).settings.base_url
    markup = own_markup(channel, f"{base_url}/forms/{channel.public_key}", language=language_of(request))
    return {"period": period, "sources": sources, "swept": swept, "markup": markup}


async def _choices(
    request: Request, kind: ChannelKind, values: Mapping[str, str], channel: Channel | None
) -> dict[str, Any]:
    """The teams and mailboxes to choose from, and those that are chosen."""
    async with installation_of(request).database.reading() as session:
        teams = [each.team for each in await agents.teams(session)]
        mailboxes = await channels.active(session, kind=ChannelKind.EMAIL)
        mailbox = await mailbox_facts(session, installation_of(request), kind, channel)
    team_ids = [team.public_id for team in teams if channel and team.id == channel.default_team_id]
    mailbox_ids = [box.public_id for box in mailboxes if channel and box.id == channel.reply_mailbox_id]
    return {
        "languages": LANGUAGES,
        **mailbox,
        "teams": [(team.public_id, team.name) for team in teams],
        "mailboxes": [(box.public_id, box.address) for box in mailboxes],
        "team_id": values.get("team", next(iter(team_ids), "")),
        "mailbox_id": values.get("reply_mailbox", next(iter(mailbox_ids), "")),
    }


async def _channel(request: Request) -> Channel:
    async with installation_of(request).database.reading() as session:
        return await channels.by_id(session, request.path_params["id"])


async def _team(session: Reading, form: FormData) -> Team | None:
    chosen = _text(form, "team")
    return await agents.team_by_id(session, chosen) if chosen else None


async def _reply_mailbox(session: Reading, form: FormData) -> Channel | None:
    chosen = _text(form, "reply_mailbox")
    return await channels.by_id(session, chosen) if chosen else None


def _kind(request: Request) -> ChannelKind:
    try:
        return ChannelKind(request.path_params["kind"])
    except ValueError as error:
        raise NotFound("There is no such kind of channel.") from error


def _rows(kind: ChannelKind, form: FormData) -> list[FieldRow]:
    return rows_given(form) if kind is ChannelKind.FORM else []


def _keep_client_secret(channel: Channel, form: FormData, installation: Installation) -> None:
    if typed := client_secret(form):
        ways.keep_secret(channel, "client_secret", typed, keys=installation.keys)


def _button(form: FormData) -> str:
    """Which of the buttons beside a form's questions was pressed; "" for Save."""
    return _text(form, "row")


def _password(form: FormData) -> str | None:
    """A password as it was typed, spaces too; None leaves the stored one."""
    value = form.get("password")
    return value if isinstance(value, str) and value else None


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""
