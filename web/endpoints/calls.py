"""Phone calls and meetings, written down in the thread of the customer they were with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox import clock
from inbox.actions import call_changes, calls
from inbox.actors import Actor
from inbox.envelopes import SPOKEN, SpokenKind
from inbox.errors import Conflict, Invalid, NotFound
from inbox.models import Case, Channel, DeliveryState, Message, Status
from inbox.phrases import N_
from inbox.policies import Action, authorize
from inbox.queries import cases, messages, redirects
from inbox.queries.happenings import Reading
from inbox.queries.panels import panel_of
from inbox.words import KNOWN, Words, words_in
from web.acting import actor_of, text_of
from web.answers import done, is_scripted, moved, offered
from web.installation import installation_of
from web.moments import picked_moment, zone_of
from web.sheets import sheet
from web.templating import page
from web.wording import words_for
from web.workspace import shell_for

FIELDS = ("kind", "initiative", "at", "minutes", "with", "subject", "text", "then")
THEN = {"open": Status.OPEN, "pending": Status.PENDING, "resolved": Status.RESOLVED}


async def new(request: Request) -> Response:
    """GET /customers/{id}/calls/new?case="""
    return await _page(request, {"case": request.query_params.get("case", "")})


async def create(request: Request) -> Response:
    """POST /customers/{id}/calls {kind, initiative, at, minutes, with, subject, text, case, then}"""
    form = await request.form()
    authorize(actor_of(request), Action.REPLY)
    try:
        async with installation_of(request).database.transaction() as session:
            message = await _log(request, session, form)
            case = await session.get_one(Case, message.case_id)
    except (Invalid, Conflict) as problem:
        return await _page(request, {name: text_of(form, name) for name in form}, problem)
    return moved(request, f"/cases/{case.number}")


async def edit(request: Request) -> Response:
    """GET /messages/{id}/call: what was written down, to be put right or taken back"""
    return await _edited(request, None)


async def update(request: Request) -> Response:
    """POST /messages/{id}/call {with, minutes, subject, text}"""
    form = await request.form()
    try:
        async with installation_of(request).database.transaction() as session:
            message = await logged(request, session)
            await call_changes.change_call(
                session,
                message,
                by=request.state.agent,
                text=text_of(form, "text"),
                subject=text_of(form, "subject"),
                spoken_with=text_of(form, "with"),
                minutes=_minutes(text_of(form, "minutes")),
                labels=_labels(words_for(request)),
            )
    except Invalid as problem:
        if is_scripted(request):
            raise
        return await _edited(request, problem, {name: text_of(form, name) for name in form})
    return done(request, f"/messages/{message.public_id}", N_("Changed."))


async def take_back(request: Request) -> Response:
    """POST /messages/{id}/call/withdrawal: it was not so"""
    async with installation_of(request).database.transaction() as session:
        message = await logged(request, session)
        undo = await call_changes.take_back_call(session, message, by=request.state.agent)
        case = await session.get(Case, message.case_id) if message.case_id else None
    back = f"/cases/{case.number}" if case else f"/messages/{message.public_id}"
    return offered(request, back, N_("Taken back."), undo)


async def _edited(
    request: Request, problem: Invalid | None, filled: Mapping[str, str] | None = None
) -> Response:
    async with installation_of(request).database.reading() as session:
        message = await logged(request, session)
        values = {"text": message.text, "subject": message.subject, **facts_of(message)}
        return await sheet(
            request,
            session,
            "customers/_call.html",
            status=422 if problem else 200,
            back=f"/messages/{message.public_id}",
            url=f"/messages/{message.public_id}/call",
            filled=values | dict(filled or {}),
            problem=words_for(request).told(problem.phrase) if problem else "",
            problem_field=problem.field if problem else "",
        )


async def logged(request: Request, session: Reading) -> Message:
    """The call or meeting of the path. Raises NotFound for anything else, or what was taken back."""
    message = await messages.by_public_id(session, actor_of(request), request.path_params["id"])
    channel = await session.get_one(Channel, message.channel_id)
    if channel.kind not in SPOKEN or message.delivery == DeliveryState.CANCELLED:
        raise NotFound("There is no such call.")
    return message


def facts_of(message: Message) -> dict[str, str]:
    """With whom and how long, read from the labelled answers, whatever language they were labelled in."""
    durations = {words_in(language).said("Duration") for language in KNOWN}
    found = {"with": "", "minutes": ""}
    for label, value in message.fields:
        is_duration = label in durations
        number = "".join(sign for sign in value if sign.isdigit())
        found["minutes" if is_duration else "with"] = number if is_duration else value
    return found


def _labels(words: Words) -> tuple[str, str, str]:
    return words.said("With"), words.said("Duration"), words.said("%(minutes)s min")


async def _log(request: Request, session: Reading, form: FormData) -> Message:
    words = words_for(request)
    customer = await redirects.find_customer(session, request.path_params["id"])
    number, at = text_of(form, "case"), text_of(form, "at")
    return await calls.log_call(
        session,
        customer,
        by=request.state.agent,
        kind=_kind(form),
        is_inbound=text_of(form, "initiative") != "ours",
        text=text_of(form, "text"),
        at=picked_moment(at, zone_of(request)) if at else None,
        minutes=_minutes(text_of(form, "minutes")),
        subject=text_of(form, "subject"),
        spoken_with=text_of(form, "with"),
        case=await _case(session, actor_of(request), number),
        then=THEN.get(text_of(form, "then")),
        labels=_labels(words),
    )


def _kind(form: FormData) -> SpokenKind:
    try:
        return SpokenKind(text_of(form, "kind"))
    except ValueError as error:
        raise Invalid("Choose a phone call or a meeting.", field="kind") from error


def _minutes(written: str) -> int | None:
    if not written:
        return None
    if not (written.isascii() and written.isdigit()) or len(written) > 6:
        raise Invalid("Write the minutes as a number.", field="minutes")
    return int(written)


async def _case(session: Reading, actor: Actor, number: str) -> Case | None:
    if not number.isascii() or not number.isdigit():
        return None
    return await cases.by_number(session, actor, min(int(number), 2**62))


async def _page(
    request: Request, filled: dict[str, Any], problem: Invalid | Conflict | None = None
) -> Response:
    async with installation_of(request).database.reading() as session:
        customer = await redirects.find_customer(session, request.path_params["id"])
        if customer.public_id != request.path_params["id"]:
            return RedirectResponse(f"/customers/{customer.public_id}/calls/new", 303)
        conversation = await redirects.conversation_of(session, customer)
        panel = await panel_of(session, actor_of(request), conversation)
        shell = await shell_for(session, request.state.agent)
    unfinished = [case for case in panel.cases if case.is_unfinished]
    chosen = filled.get("case") or (str(unfinished[0].number) if unfinished and not problem else "")
    return page(
        request,
        "customers/call.html",
        status=422 if problem else 200,
        panel=panel,
        customer=customer,
        cases=unfinished,
        filled=dict.fromkeys(FIELDS, "") | filled | {"case": chosen},
        now=_written(clock.now().astimezone(zone_of(request))),
        problem=words_for(request).told(problem.phrase) if problem else "",
        problem_field=problem.field if isinstance(problem, Invalid) else "",
        shell=shell,
        current="customers",
    )


def _written(moment: datetime) -> str:
    """As a datetime-local field writes it (HTML §2.3.5.5)."""
    return moment.strftime("%Y-%m-%dT%H:%M")
