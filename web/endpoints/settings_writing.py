"""Settings → Channels → a mailbox → Writing: what its mails bear and quote, how large they may be, and what
is said out of hours."""

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions.acknowledgements import SETTING, checked_acknowledgement
from inbox.actions.channels import change_channel
from inbox.envelopes import ChannelKind
from inbox.errors import Invalid, NotFound
from inbox.models import Channel
from inbox.phrases import N_
from inbox.queries import channels, hours
from inbox.queries.happenings import Reading
from inbox.signatures import checked_template
from web.acting import text_of
from web.installation import installation_of
from web.settings_pages import actor_of, settings_page
from web.wording import words_for
from web.writing import words_of

SUBJECT = N_("We have received your mail")
LARGEST_MB = 100


async def show(request: Request) -> Response:
    """GET /settings/channels/{id}/writing"""
    return await _page(request)


async def change(request: Request) -> Response:
    """POST /settings/channels/{id}/writing {signature, quoting, largest_mail, acknowledgement, …_subject}"""
    form, installation = await request.form(), installation_of(request)
    try:
        async with installation.database.transaction() as session:
            mailbox = await _mailbox(session, request)
            await change_channel(
                session, mailbox, by=actor_of(request), keys=installation.keys, settings=_settings(form)
            )
    except Invalid as problem:
        return await _page(request, form=form, problem=problem)
    return RedirectResponse(f"{request.url.path}?saved=1", 303)


def _settings(form: FormData) -> dict[str, Any]:
    """The settings that stand in the form; None takes one away. Raises Invalid."""
    signature = checked_template(words_of(form, "signature"), field="signature")
    words = checked_acknowledgement(
        words_of(form, "acknowledgement_subject"), words_of(form, "acknowledgement")
    )
    return {
        "signature": signature or None,
        "quoting": "none" if text_of(form, "quoting") == "none" else None,
        "largest_mail": _largest(text_of(form, "largest_mail")),
        SETTING: words or None,
    }


def _largest(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:6]) <= LARGEST_MB):
        raise Invalid("Give a number of megabytes up to %(most)s.", most=LARGEST_MB, field="largest_mail")
    return int(text) * 1_000_000


async def _mailbox(session: Reading, request: Request) -> Channel:
    channel = await channels.by_id(session, request.path_params["id"])
    if channel.kind != ChannelKind.EMAIL:
        raise NotFound("There is no such page.")
    return channel


async def _page(
    request: Request, *, form: FormData | None = None, problem: Invalid | None = None
) -> Response:
    async with installation_of(request).database.reading() as session:
        mailbox = await _mailbox(session, request)
        working = await hours.of_team(session, mailbox.default_team_id)
    return await settings_page(
        request,
        "settings/writing.html",
        section="channels",
        problem=problem,
        channel=mailbox,
        values=_given(form) if form is not None else _stored(mailbox, words_for(request).said(SUBJECT)),
        has_hours=working is not None,
        saved=bool(request.query_params.get("saved")),
    )


def _given(form: FormData) -> dict[str, str]:
    names = ("signature", "quoting", "largest_mail", "acknowledgement", "acknowledgement_subject")
    return {name: words_of(form, name) for name in names}


def _stored(mailbox: Channel, subject: str) -> dict[str, str]:
    settings = mailbox.settings
    largest, words = settings.get("largest_mail"), settings.get(SETTING) or {}
    return {
        "signature": str(settings.get("signature") or ""),
        "quoting": str(settings.get("quoting") or "last"),
        "largest_mail": str(largest // 1_000_000) if largest else "",
        "acknowledgement": str(words.get("text", "")),
        "acknowledgement_subject": str(words.get("subject", subject)),
    }
