"""Forms: a hosted page that needs no script, and a door for the forms of other sites and for programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from channels.forms import parser
from channels.forms.fields import Answers, form_fields, read_answers
from channels.forms.spam import OPENED, OpeningSeals, suspicion
from inbox import clock
from inbox.actions.confirmations import confirm
from inbox.envelopes import ChannelKind, InboundAttachment
from inbox.errors import Invalid
from inbox.ids import public_id
from inbox.models import Channel
from web.bodies import BY_ENDPOINT, TooLarge, read_form, read_json, store_files, text_fields
from web.form_pages import (
    CLOSED_SECONDS,
    EMBEDDED,
    address,
    closed_page,
    closed_words,
    form_page,
    is_paused,
    thanks_page,
)
from web.installation import installation_of
from web.origins import may_use, share
from web.policy import Policy, route
from web.problems import problem, too_often
from web.rates import Rate, address_block, counted_address
from web.visit_messages import page_of
from web.visiting import channel_of, client_host, flooding, visiting_of
from web.wording import language_of

PER_ADDRESS = Rate("forms, address", 120, 60)
PER_NETWORK = Rate("forms, network", 600, 60)
PER_FORM = Rate("forms, form", 1_200, 60)
PER_RECIPIENT = Rate("forms, typed address", 120, 3_600)
NEXT = "_next"


@dataclass(frozen=True, slots=True)
class Submission:
    """What was sent to a form: its fields as they came, its stored files, and whether a program wants JSON
    back."""

    given: Mapping[str, str]
    files: list[InboundAttachment]


async def show(request: Request) -> Response:
    """GET /forms/{key}: the hosted form."""
    if wait := await flooding(request):
        return too_often(wait)
    channel = await channel_of(request, ChannelKind.FORM)
    if is_paused(channel):
        return closed_page(
            channel, {}, language=_language(request, channel), is_embedded=_is_embedded(request)
        )
    return _page(request, channel, Answers({}, {}))


async def thanks(request: Request) -> Response:
    """GET /forms/{key}/thanks: what a person sees afterwards; it says nothing of what was sent."""
    channel = await channel_of(request, ChannelKind.FORM)
    return thanks_page(channel, language=_language(request, channel), is_embedded=_is_embedded(request))


async def submit(request: Request) -> Response:
    """POST /forms/{key}: urlencoded, multipart or JSON. 303 to a page for people, 202 with an id for
    programs."""
    if wait := await flooding(request):
        return too_often(wait)
    channel = await channel_of(request, ChannelKind.FORM)
    if not may_use(request, channel.settings, absent=True):
        return problem(
            403, "This form may not be used from this site. Its owner can add the site in its settings."
        )
    host = client_host(request)
    counted = (
        (PER_ADDRESS, f"{channel.id} {counted_address(host)}"),
        (PER_NETWORK, f"{channel.id} {address_block(host)}"),
        (PER_FORM, str(channel.id)),
    )
    if wait := visiting_of(request).rates.take_all(*counted):
        return share(too_often(wait), request, channel.settings)
    return share(await _receive(request, channel), request, channel.settings)


async def preflight(request: Request) -> Response:
    """OPTIONS /forms/{key}: may a page of that origin send JSON here?"""
    channel = await channel_of(request, ChannelKind.FORM)
    return share(Response(status_code=204), request, channel.settings)


async def _receive(request: Request, channel: Channel) -> Response:
    try:
        sent = await _read(request)
    except TooLarge as error:
        return problem(413, str(error))
    except Invalid as error:
        return problem(400, str(error))
    answers = read_answers(form_fields(channel.settings), sent.given)
    if is_paused(channel):
        return _closed(request, channel, answers)
    if answers.mistakes or not (answers.values or sent.files):
        return _mistaken(request, channel, answers)
    if wait := _wait_for_recipient(request, channel, answers):
        return too_often(wait)
    async with visiting_of(request).filing.of(counted_address(client_host(request))):
        submission_id = await _file(request, channel, sent, answers)
    if _wants_json(request):
        return JSONResponse({"id": submission_id}, 202)
    return RedirectResponse(_next_page(request, channel, sent.given), 303)


def _closed(request: Request, channel: Channel, answers: Answers) -> Response:
    language = _language(request, channel)
    if not _wants_json(request):
        return closed_page(channel, answers.values, language=language, is_embedded=_is_embedded(request))
    closed = problem(503, closed_words(channel, language))
    closed.headers["Retry-After"] = str(CLOSED_SECONDS)
    return closed


def _wait_for_recipient(request: Request, channel: Channel, answers: Answers) -> float:
    """Whoever owns a typed address gets what is sent in their name: not more than they could have sent."""
    typed = parser.typed_address(form_fields(channel.settings), answers.values)
    if typed is None:
        return 0.0
    return visiting_of(request).rates.take(PER_RECIPIENT, f"{channel.id} {typed}")


async def _read(request: Request) -> Submission:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        content = await read_json(request)
        return Submission({str(name): _as_text(value) for name, value in content.items()}, [])
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise Invalid(
            "Send the form as application/x-www-form-urlencoded, multipart/form-data or application/json."
        )
    form = await read_form(request)
    try:
        return Submission(text_fields(form), await store_files(form, installation_of(request).blobs))
    finally:
        await form.close()


async def _file(request: Request, channel: Channel, sent: Submission, answers: Answers) -> str:
    installation, moment = installation_of(request), clock.now()
    opened_at, submission_id = _opening(request, channel, sent.given)
    raw = parser.write(
        submission_id=submission_id,
        fields=answers.values,
        files=sent.files,
        received_at=moment,
        ip_block=address_block(client_host(request)),
        page=page_of(sent.given.get("_page") or request.headers.get("referer")),
        spam=suspicion(sent.given, opened_at=opened_at, moment=moment),
    )
    filed = await installation.intake.submit(channel.id, "form", raw, source_ref=submission_id)
    if channel.settings.get("confirmation") and filed.message_id is not None and not filed.known:
        async with installation.database.transaction() as session:
            await confirm(
                session, filed.message_id, keys=installation.keys, language=_language(request, channel)
            )
    return submission_id


def _opening(request: Request, channel: Channel, given: Mapping[str, str]) -> tuple[datetime | None, str]:
    """When the hosted page was opened, if it was, and an id under which a second press is recognised."""
    seals = OpeningSeals(installation_of(request).keys.derive_all("form openings"))
    if opening := seals.read(channel.public_key, given.get(OPENED, "")):
        return opening
    repeat = request.headers.get("idempotency-key", "")
    return None, f"{channel.public_key}:{repeat[:100]}" if repeat else public_id()


def _mistaken(request: Request, channel: Channel, answers: Answers) -> Response:
    mistakes = dict(answers.mistakes) or {"message": "Please fill this in."}
    if _wants_json(request):
        labels = {field.name: field.label for field in form_fields(channel.settings)}
        words = " ".join(f"{labels.get(name, name)}: {mistake}" for name, mistake in mistakes.items())
        return problem(422, words, errors=mistakes)
    return _page(request, channel, Answers(answers.values, mistakes), status=422)


def _page(request: Request, channel: Channel, answers: Answers, *, status: int = 200) -> Response:
    return form_page(
        channel,
        answers,
        seals=OpeningSeals(installation_of(request).keys.derive_all("form openings")),
        moment=clock.now(),
        language=_language(request, channel),
        is_embedded=_is_embedded(request),
        status=status,
    )


def _language(request: Request, channel: Channel) -> str:
    """What the form says beside its own words: the language of those, or of the reader."""
    return str(channel.settings.get("language") or language_of(request))


def _is_embedded(request: Request) -> bool:
    return EMBEDDED in request.query_params


def _next_page(request: Request, channel: Channel, given: Mapping[str, str]) -> str:
    """Where a person goes afterwards: a page that the channel's settings name word for word, else ours."""
    wanted = given.get(NEXT, "")
    allowed = channel.settings.get("redirects") or ()
    if wanted and wanted in allowed:
        return wanted
    return address(channel, "/thanks", is_embedded=_is_embedded(request))


def _wants_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    accepted = request.headers.get("accept", "")
    return kind == "application/json" or ("application/json" in accepted and "text/html" not in accepted)


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(each) for each in value if each is not None)
    return str(value)


routes = [
    route("/forms/{key}", show, policy=Policy.CHANNEL, name="forms.show"),
    route(
        "/forms/{key}",
        submit,
        methods=["POST"],
        policy=Policy.CHANNEL,
        limit=BY_ENDPOINT,
        name="forms.submit",
    ),
    route("/forms/{key}", preflight, methods=["OPTIONS"], policy=Policy.CHANNEL, name="forms.preflight"),
    route("/forms/{key}/thanks", thanks, policy=Policy.CHANNEL, name="forms.thanks"),
]
