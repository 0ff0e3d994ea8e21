"""The hosted pages of a form: to fill in, closed, thanks. None needs a script."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from starlette.responses import Response

from channels.forms.fields import Answers, FieldType, FormField, form_fields
from channels.forms.spam import OPENED, TRAP, OpeningSeals
from inbox.models import Channel
from inbox.phrases import N_
from inbox.words import words_in
from web.origins import frame_ancestors
from web.visiting import document, environment

CLOSED = N_("This form is closed just now. Please come back later.")
THANKS = N_("Thank you. We have your message and will answer by email.")
CLOSED_SECONDS = 3_600
EMBEDDED = "embed"  # in the query of an address: the page stands in a frame of another one


def is_paused(channel: Channel) -> bool:
    """Whether an admin has closed the form for a while."""
    return bool(channel.settings.get("paused"))


def form_page(
    channel: Channel,
    answers: Answers,
    *,
    seals: OpeningSeals,
    moment: datetime,
    language: str,
    is_embedded: bool = False,
    status: int = 200,
) -> Response:
    """The form, with what was answered so far and what is wrong with it."""
    fields = form_fields(channel.settings)
    return document(
        "forms/show.html",
        policy=_policy(channel),
        language=language,
        status=status,
        action=address(channel, is_embedded=is_embedded),
        opened=(OPENED, seals.mint(channel.public_key, moment)),
        is_preview=False,
        is_embedded=is_embedded,
        **_shown(channel.name, channel.settings.get("intro", ""), fields, answers),
    )


def preview_page(name: str, intro: str, fields: Sequence[FormField], *, language: str) -> Response:
    """The form as an admin is about to save it. It sends nothing."""
    nothing = "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    return document(
        "forms/show.html",
        policy=f"default-src 'none'; style-src 'self'; {nothing}",
        language=language,
        action="",
        opened=(OPENED, ""),
        is_preview=True,
        is_embedded=False,
        **_shown(name, intro, fields, Answers({}, {})),
    )


def closed_page(
    channel: Channel, answers: Mapping[str, str], *, language: str, is_embedded: bool = False
) -> Response:
    """What a paused form says (503); who has just written something finds it here, to keep it."""
    labels = {field.name: field.label for field in form_fields(channel.settings)}
    return document(
        "forms/closed.html",
        policy=_policy(channel),
        language=language,
        status=503,
        headers={"Retry-After": str(CLOSED_SECONDS)},
        name=channel.name,
        words=closed_words(channel, language),
        answers=[(labels.get(name, name), value) for name, value in answers.items()],
        is_embedded=is_embedded,
    )


def thanks_page(channel: Channel, *, language: str, is_embedded: bool = False) -> Response:
    """What a person sees afterwards; it says nothing of what was sent."""
    words = channel.settings.get("thanks") or words_in(language).said(THANKS)
    return document(
        "forms/thanks.html",
        policy=_policy(channel),
        language=language,
        name=channel.name,
        words=words,
        is_embedded=is_embedded,
    )


def own_markup(channel: Channel, url: str, *, language: str) -> str:
    """The form as the markup of another site's page: it needs no script and no style of ours."""
    fields = form_fields(channel.settings)
    template = environment(language).get_template("forms/own.html")
    return template.render(url=url, **_shown(channel.name, "", fields, Answers({}, {}))).strip()


def closed_words(channel: Channel, language: str) -> str:
    """What people are told while the form is paused."""
    return str(channel.settings.get("closed") or words_in(language).said(CLOSED))


def address(channel: Channel, rest: str = "", *, is_embedded: bool = False) -> str:
    """The path of one of the form's pages."""
    return f"/forms/{channel.public_key}{rest}" + (f"?{EMBEDDED}=1" if is_embedded else "")


def _policy(channel: Channel) -> str:
    """The sites that may send the form may also show it in a frame."""
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors {frame_ancestors(channel.settings)}"
    )


def _shown(name: str, intro: str, fields: Sequence[FormField], answers: Answers) -> dict[str, Any]:
    return {
        "name": name,
        "intro": intro,
        "fields": fields,
        "with_files": any(field.type is FieldType.FILE for field in fields),
        "values": {field.name: answers.values.get(field.name, "") for field in fields},
        "mistakes": answers.mistakes,
        "trap": TRAP,
    }
