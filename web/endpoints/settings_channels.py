"""Settings → Channels: the ways in and out, how they are, and what they are told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from channels.email import servers
from inbox.accounts import account_of
from inbox.actions import channels as ways
from inbox.envelopes import ChannelKind
from inbox.errors import Conflict, Invalid, NotFound
from inbox.models import Channel
from inbox.queries import channel_traffic, channels, submissions
from web.acting import text_of
from web.channel_forms import (
    FieldRow,
    moved,
    rows_given,
    rows_of,
    settings_of,
    values_given,
    values_of,
)
from web.channel_pages import (
    HOME,
    SECTION,
    button_pressed,
    channel_of_path,
    choices,
    keep_client_secret,
    password_given,
    questions_given,
    reply_mailbox_given,
    team_given,
)
from web.channel_steps import STEPS
from web.endpoints.settings_forms import period_of, since_of
from web.form_pages import own_markup
from web.installation import installation_of
from web.mailbox_checks import check_account
from web.settings_pages import actor_of, settings_page
from web.wording import language_of, words_for


async def index(request: Request) -> Response:
    """GET /settings/channels"""
    async with installation_of(request).database.reading() as session:
        everything = await channels.everything(session)
        traffic = await channel_traffic.of_channels(
            session, [one for one in everything if one.deactivated_at is None]
        )
    return await settings_page(
        request, "settings/channels.html", section=SECTION, channels=everything, traffic=traffic
    )


async def new(request: Request) -> Response:
    """GET /settings/channels/new/{kind}: the first step of what its kind asks"""
    words = words_for(request)
    rows = [replace(row, label=words.said(row.label)) for row in rows_of({})]
    return await _new(request, _kind(request), values_of(None) | {"stepwise": "1"}, rows)


async def create(request: Request) -> Response:
    """POST /settings/channels/new/{kind}: with all that the channel is told, or, from its page, its first
    step (`stepwise`)"""
    kind, form = _kind(request), await request.form()
    if wanted := button_pressed(form):
        return await _new(request, kind, values_given(form), moved(rows_given(form), wanted))
    installation = installation_of(request)
    try:
        async with installation.database.transaction() as session:
            channel = await ways.add_channel(
                session,
                kind=kind,
                name=text_of(form, "name"),
                by=actor_of(request),
                keys=installation.keys,
                address=text_of(form, "address") or None,
                settings=settings_of(kind, form),
                password=password_given(form),
                default_team=await team_given(session, form),
                reply_mailbox=await reply_mailbox_given(session, form),
            )
            keep_client_secret(channel, form, installation)
    except (Invalid, Conflict) as problem:
        return await _new(request, kind, values_given(form), questions_given(kind, form), problem)
    following = f"/steps/{STEPS[kind][1].name}" if "stepwise" in form else ""
    return RedirectResponse(f"{HOME}/{channel.public_id}{following}", 303)


async def show(request: Request) -> Response:
    """GET /settings/channels/{id}"""
    return await shown(request, await channel_of_path(request))


async def change(request: Request) -> Response:
    """POST /settings/channels/{id}"""
    form, channel = await request.form(), await channel_of_path(request)
    kind = ChannelKind(channel.kind)
    if wanted := button_pressed(form):
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
                name=text_of(form, "name"),
                settings=settings_of(kind, form),
                password=password_given(form),
                default_team=await team_given(session, form),
                has_default_team=True,
                reply_mailbox=await reply_mailbox_given(session, form),
                has_reply_mailbox=True,
            )
            keep_client_secret(changed, form, installation)
    except (Invalid, Conflict) as problem:
        rows = questions_given(kind, form)
        return await shown(request, channel, values=values_given(form), rows=rows, problem=problem)
    return RedirectResponse(f"{HOME}/{channel.public_id}?saved=1", 303)


async def check(request: Request) -> Response:
    """POST /settings/channels/{id}/check: log in to the mail servers and say what is wrong."""
    channel, installation = await channel_of_path(request), installation_of(request)
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
        steps=STEPS[kind],
        step=STEPS[kind][0],
        values={"stepwise": ""} | dict(values),
        rows=rows,
        channel=None,
        **await choices(request, kind, values, None),
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
        **await choices(request, ChannelKind(channel.kind), values, channel),
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


def _kind(request: Request) -> ChannelKind:
    try:
        kind = ChannelKind(request.path_params["kind"])
    except ValueError as error:
        raise NotFound("There is no such kind of channel.") from error
    if kind not in STEPS:
        raise NotFound("There is no such kind of channel.")
    return kind
