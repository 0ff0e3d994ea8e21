"""Settings → Notifications: how an agent is told of each kind, quiet hours, and what may leave screens."""

from zoneinfo import available_timezones

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import notification_choices as choosing, push_subscriptions as subscriptions
from inbox.errors import Invalid
from inbox.models import NotificationKind
from inbox.notification_cells import MAIL_AFTER, Alert, Cell, Sound, chosen, written_cell
from inbox.queries import agents, notification_choices, push_subscriptions
from web.acting import text_of
from web.answers import done
from web.installation import installation_of
from web.push_encryption import PushKeys
from web.settings_pages import actor_of, settings_page

HOME = "/settings/notifications"
QUIET = ("quiet_from", "quiet_until", "time_zone")


async def show(request: Request) -> Response:
    """GET /settings/notifications"""
    return await _page(request)


async def change(request: Request) -> Response:
    """POST /settings/notifications {KIND_in_app, KIND_sound, KIND_alert, KIND_mail …, has_sound, quiet_from,
    quiet_until, time_zone}"""
    form = await request.form()
    try:
        async with installation_of(request).database.transaction() as session:
            agent = await agents.by_id(session, request.state.agent.public_id)
            await choosing.choose(
                session,
                agent,
                cells={kind: _cell(form, kind) for kind in NotificationKind},
                has_sound=bool(form.get("has_sound")),
                quiet_from=text_of(form, "quiet_from"),
                quiet_until=text_of(form, "quiet_until"),
                time_zone=text_of(form, "time_zone"),
            )
    except Invalid as problem:
        return await _page(request, form=form, problem=problem)
    return RedirectResponse(f"{HOME}?saved=1", 303)


async def change_texts(request: Request) -> Response:
    """POST /settings/notifications/texts {texts}"""
    form = await request.form()
    async with installation_of(request).database.transaction() as session:
        await choosing.allow_texts(session, allowed=bool(form.get("texts")), by=actor_of(request))
    return RedirectResponse(f"{HOME}?saved=1", 303)


async def add_device(request: Request) -> Response:
    """POST /settings/notifications/devices {endpoint, p256dh, auth}: from the device itself"""
    form = await request.form()
    agent, installation = request.state.agent, installation_of(request)
    async with installation.database.transaction() as session:
        await subscriptions.subscribe(
            session,
            agent,
            endpoint=text_of(form, "endpoint"),
            p256dh=text_of(form, "p256dh"),
            auth=text_of(form, "auth"),
            signed_with=PushKeys(installation.keys).public,
            signed_in=request.state.session,
        )
    return done(request, HOME)


async def revoke_device(request: Request) -> Response:
    """POST /settings/notifications/devices/{id}/revoke"""
    async with installation_of(request).database.transaction() as session:
        await subscriptions.revoke(session, request.path_params["id"], of=request.state.agent)
    return RedirectResponse(HOME, 303)


def _cell(form: FormData, kind: NotificationKind) -> Cell:
    return written_cell(
        in_app=bool(form.get(f"{kind}_in_app")),
        sound=text_of(form, f"{kind}_sound"),
        alert=text_of(form, f"{kind}_alert"),
        mail_after=text_of(form, f"{kind}_mail"),
    )


async def _page(
    request: Request, *, form: FormData | None = None, problem: Invalid | None = None
) -> Response:
    async with installation_of(request).database.reading() as session:
        row = await notification_choices.row_of(session, request.state.agent.id)
        texts = await notification_choices.texts_may_leave(session)
        devices = await push_subscriptions.of_agent(session, request.state.agent)
    choices = chosen(row)
    quiet = {name: getattr(row, name) if row else "" for name in QUIET}
    if form is not None:
        quiet = {name: text_of(form, name) for name in QUIET}
    return await settings_page(
        request,
        "settings/notifications.html",
        section="notifications",
        problem=problem,
        choices=choices,
        kinds=list(NotificationKind),
        sounds=list(Sound),
        alerts=list(Alert),
        mail_after=MAIL_AFTER,
        quiet=quiet,
        zones=sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC"),
        texts=texts,
        devices=devices,
        push_key=PushKeys(installation_of(request).keys).public,
        saved="saved" in request.query_params,
    )
