"""A form's field map, and the answers that fit it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from inbox.addresses import normalise_email
from inbox.errors import Invalid
from inbox.phrases import N_

LONGEST_LINE = 1_000
LONGEST_TEXT = 50_000
MOST_EXTRA_FIELDS = 50
_LONGEST_NAME = 100
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class FieldType(StrEnum):
    TEXT = "text"
    EMAIL = "email"
    TELEPHONE = "tel"
    TEXTAREA = "textarea"
    SELECT = "select"
    RADIO = "radio"
    CHECKBOX = "checkbox"
    DATE = "date"
    FILE = "file"
    HIDDEN = "hidden"
    HEADING = "heading"


class Target(StrEnum):
    """What an answer says besides being an answer. Of a customer whom we know already it says nothing:
    anybody may have typed it."""

    NOTHING = ""
    NAME = "name"
    COMPANY = "company"
    ATTRIBUTE = "attribute"
    SUBJECT = "subject"


OFFERS_OPTIONS = (FieldType.SELECT, FieldType.RADIO)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One question of a form. `name` is that of the input; `options` are the answers that a select or radio
    buttons offer, and a hidden field's value. A heading asks nothing: its label and help stand there."""

    name: str
    label: str
    type: FieldType = FieldType.TEXT
    required: bool = False
    help: str = ""
    options: tuple[str, ...] = ()
    target: Target = Target.NOTHING
    autocomplete: str = "off"

    @property
    def is_asked(self) -> bool:
        """Whether it has an answer in words."""
        return self.type not in (FieldType.FILE, FieldType.HEADING)


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered, by the field's name, and what is wrong with it in words, by the field's name."""

    values: Mapping[str, str]
    mistakes: Mapping[str, str]


DEFAULT_FIELDS = (
    FormField(name="name", label=N_("Your name"), autocomplete="name"),
    FormField(name="email", label=N_("Email"), type=FieldType.EMAIL, required=True, autocomplete="email"),
    FormField(name="subject", label=N_("Subject")),
    FormField(name="message", label=N_("Message"), type=FieldType.TEXTAREA, required=True),
    FormField(name="file", label=N_("File"), type=FieldType.FILE),
)


def form_fields(settings: Mapping[str, Any]) -> tuple[FormField, ...]:
    """The fields that a channel's settings ask for; the default ones where they say nothing."""
    described = settings.get("fields")
    if not described:
        return DEFAULT_FIELDS
    return tuple(_field(each) for each in described)


def read_answers(fields: Sequence[FormField], given: Mapping[str, str]) -> Answers:
    """Clean what was given and compare it with the map.

    Fields that the map does not know are kept after the known ones, as long as there are not too many: a
    site's own form may ask more than its settings say. Names that begin with an underscore are ours.
    """
    values: dict[str, str] = {}
    mistakes: dict[str, str] = {}
    for field in fields:
        if not field.is_asked:
            continue
        value = _clean(given.get(field.name, ""), one_line=field.type is not FieldType.TEXTAREA)
        if mistake := _mistake(field, value):
            mistakes[field.name] = mistake
        if value:
            values[field.name] = value
    values |= _extra(fields, given)
    return Answers(values, mistakes)


def _field(described: Mapping[str, Any]) -> FormField:
    kind = FieldType(described.get("type", FieldType.TEXT))
    name = str(described["name"])
    return FormField(
        name=name,
        label=str(described.get("label") or name),
        type=kind,
        required=bool(described.get("required", False)) and kind is not FieldType.HIDDEN,
        help=str(described.get("help") or ""),
        target=Target(described.get("target", Target.NOTHING)),
        options=tuple(map(str, described.get("options") or ())),
        autocomplete={FieldType.EMAIL: "email", FieldType.TELEPHONE: "tel"}.get(kind, "off"),
    )


def _mistake(field: FormField, value: str) -> str | None:
    if not value:
        return N_("Please fill this in.") if field.required else None
    longest = LONGEST_TEXT if field.type is FieldType.TEXTAREA else LONGEST_LINE
    if len(value) > longest:
        return f"This is too long. The limit is {longest:,} characters."
    if field.type in OFFERS_OPTIONS and field.options and value not in field.options:
        return N_("Please choose one of the answers offered.")
    if field.type is FieldType.DATE and not _is_date(value):
        return N_("Write a date like 2026-11-20.")
    if field.type is FieldType.EMAIL:
        try:
            normalise_email(value)
        except Invalid as error:
            return str(error)
    return None


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _extra(fields: Sequence[FormField], given: Mapping[str, str]) -> dict[str, str]:
    known = {field.name for field in fields}
    extra: dict[str, str] = {}
    for name, value in given.items():
        label = _clean(name, one_line=True)[:_LONGEST_NAME]
        text = _clean(value, one_line=False)[:LONGEST_TEXT]
        if label and text and name not in known and not name.startswith("_"):
            extra[label] = text
    return dict(list(extra.items())[:MOST_EXTRA_FIELDS])


def _clean(value: str, *, one_line: bool) -> str:
    text = _NOT_TEXT.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return " ".join(text.split("\n")) if one_line else text
