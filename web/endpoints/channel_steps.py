"""Setting a channel up step by step: kind, what it needs, whether something arrives, done."""

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
from inbox.models import Channel
from inbox.queries import arrivals, channels
from web import channel_steps
from web.acting import actor_of, text_of
from web.channel_forms import FieldRow, moved, rows_given, rows_of, settings_of, values_given, values_of
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
from web.channel_steps import STEPS, Step
from web.installation import installation_of
from web.mailbox_checks import check_account
from web.mailbox_pages import records_of
from web.settings_pages import settings_page
from web.templating import page


async def kinds(request: Request) -> Response:
    """GET /settings/channels/new: the first step, which kind of channel"""
    return await settings_page(request, "settings/channel_kinds.html", section=SECTION)


async def show(request: Request) -> Response:
    """GET /settings/channels/{id}/steps/{step}"""
    channel = await channel_of_path(request)
    return await shown(request, channel, _step(request, channel))


async def change(request: Request) -> Response:
    """POST /settings/channels/{id}/steps/{step}: keep what the step asks, and go on to the next one"""
    form, channel = await request.form(), await channel_of_path(request)
    kind, step = ChannelKind(channel.kind), _step(request, channel)
    if step is channel_steps.CHECK:
        return await _checked(request, channel, step)
    if wanted := button_pressed(form):
        rows = moved(rows_given(form), wanted)
        return await shown(request, channel, step, values=_typed(channel, form), rows=rows)
    try:
        await _keep(request, channel, step, form)
    except (Invalid, Conflict) as problem:
        sent = questions_given(kind, form) if "field_label" in step.fields else None
        values = _typed(channel, form)
        return await shown(request, channel, step, values=values, rows=sent, problem=problem)
    return RedirectResponse(f"{HOME}/{channel.public_id}/steps/{channel_steps.after(kind, step).name}", 303)


async def arrival(request: Request) -> Response:
    """GET /settings/channels/{id}/arrival?known=: what the check waits for, again and again until it is
    there; 204 while nothing is new"""
    channel = await channel_of_path(request)
    seen = await _seen(request, channel)
    if seen["known"] == request.query_params.get("known"):
        return Response(status_code=204)
    return page(request, "settings/_arrival.html", channel=channel, here=_here(channel), **seen)


async def _keep(request: Request, channel: Channel, step: Step, form: FormData) -> None:
    installation, kind = installation_of(request), ChannelKind(channel.kind)
    async with installation.database.transaction() as session:
        changed = await ways.change_channel(
            session,
            await channels.by_id(session, channel.public_id),
            by=actor_of(request),
            keys=installation.keys,
            name=text_of(form, "name") if "name" in step.fields else None,
            settings=settings_of(kind, channel_steps.completed(channel, step, form)) if step.fields else None,
            password=password_given(form) if "password" in step.fields else None,
            default_team=await team_given(session, form),
            has_default_team="team" in step.fields,
            reply_mailbox=await reply_mailbox_given(session, form),
            has_reply_mailbox="reply_mailbox" in step.fields,
        )
        if "client_secret" in step.fields:
            keep_client_secret(changed, form, installation)


async def _checked(request: Request, channel: Channel, step: Step) -> Response:
    """The step with what the mail servers say."""
    if channel.kind != ChannelKind.EMAIL:
        raise NotFound("There is no such page.")
    installation = installation_of(request)
    account = account_of(channel, installation.keys)
    troubles = await check_account(account, installation)
    login = None if troubles else servers.foreign_login(account)
    return await shown(request, channel, step, troubles=troubles, foreign_login=login)


async def shown(
    request: Request,
    channel: Channel,
    step: Step,
    *,
    values: Mapping[str, str] | None = None,
    rows: Sequence[FieldRow] | None = None,
    problem: Invalid | Conflict | None = None,
    troubles: Sequence[str] | None = None,
    foreign_login: str | None = None,
) -> Response:
    """The page of a step, with what came of the last button."""
    kind = ChannelKind(channel.kind)
    values = values_of(channel) if values is None else values
    return await settings_page(
        request,
        "settings/channel_step.html",
        section=SECTION,
        problem=problem,
        kind=kind,
        channel=channel,
        here=_here(channel),
        step=step,
        steps=STEPS[kind],
        earlier=channel_steps.before(kind, step),
        later=channel_steps.after(kind, step),
        values=values,
        rows=rows_of(channel.settings) if rows is None else rows,
        troubles=troubles,
        foreign_login=foreign_login,
        base_url=installation_of(request).settings.base_url,
        **(await records_of(installation_of(request), channel) if _asks_for_records(request, step) else {}),
        **await choices(request, kind, values, channel),
        **await _seen(request, channel),
    )


async def _seen(request: Request, channel: Channel) -> dict[str, Any]:
    """What has come in; `known` says it in short. What was written in the preview shows no chat on a site."""
    preview = f"{installation_of(request).settings.base_url}/settings/"
    async with installation_of(request).database.reading() as session:
        arrived = await arrivals.newest(session, actor_of(request), channel)
        is_chat = channel.kind == ChannelKind.WEBCHAT
        sighted = await arrivals.sighting(session, channel, besides=preview) if is_chat else None
    is_on_site = sighted is not None or (arrived is not None and not arrived.page.startswith(preview))
    parts = (
        channel.state,
        arrived and arrived.record_id,
        arrived and arrived.state,
        sighted and sighted.page,
    )
    known = "|".join(str(part or "") for part in parts)
    return {"arrived": arrived, "sighted": sighted, "is_on_site": is_on_site, "known": known}


def _typed(channel: Channel, form: FormData) -> dict[str, str]:
    """What was typed, upon what the channel has."""
    sent = values_given(form)
    return values_of(channel) | {name: value for name, value in sent.items() if name in form}


def _asks_for_records(request: Request, step: Step) -> bool:
    """Without a script they are part of the page, once somebody asks for them: it waits for name servers."""
    return step is channel_steps.SENDING and "look" in request.query_params


def _step(request: Request, channel: Channel) -> Step:
    if channel.kind not in STEPS:
        raise NotFound("There is no such page.")
    return channel_steps.step_of(ChannelKind(channel.kind), request.path_params["step"])


def _here(channel: Channel) -> str:
    return f"{HOME}/{channel.public_id}"
