"""Between the fields of the channel pages and what a channel stores."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import FormData

from channels.forms.fields import OFFERS_OPTIONS, FieldType, Target, form_fields
from inbox.envelopes import ChannelKind
from inbox.errors import Invalid
from inbox.models import Channel
from inbox.words import LANGUAGES
from web.chat_form import chat_settings, chat_values
from web.mailbox_forms import mailbox_settings, mailbox_values

MOST_FIELDS = 30
SECRETS = ("password", "client_secret")  # typed, never shown again
LONGEST_HELP = 500
FIRST_CONNECTIONS = ("now", "days", "all")
_SCHEMES = {"imap": {"tls": "imaps", "starttls": "imap"}, "smtp": {"tls": "smtps", "starttls": "smtp"}}
_PORTS = {"imaps": 993, "imap": 143, "smtps": 465, "smtp": 587}
_WITH_OPTIONS = (*OFFERS_OPTIONS, FieldType.HIDDEN)
_COLUMNS = ("name", "label", "type", "required", "options")
_LATER_COLUMNS = ("help", "target")  # programs from before them do not send these
_MOVE = re.compile(r"(up|down|remove):(\d{1,3})")


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One question of a form as its page shows it; `options` has one answer on each line, `target` says what
    an answer is besides."""

    name: str = ""
    label: str = ""
    type: str = FieldType.TEXT
    required: bool = False
    options: str = ""
    help: str = ""
    target: str = Target.NOTHING


def values_of(channel: Channel | None) -> dict[str, str]:
    """What a channel's page shows in its fields; that of a new one without a channel."""
    settings = channel.settings if channel else {}
    values = {"name": channel.name if channel else "", "address": (channel and channel.address) or ""}
    for protocol in _SCHEMES:
        values |= _server_values(protocol, settings.get(f"{protocol}_url") or "")
    values |= mailbox_values(settings)
    values["authserv_id"] = settings.get("authserv_id", "")
    first = str(settings.get("first_connection", "now"))
    values["first_connection"] = first if first in FIRST_CONNECTIONS else "days"
    values["first_days"] = first if first.isdigit() else "30"
    values["origins"] = "\n".join(settings.get("origins", ()))
    values["redirects"] = "\n".join(settings.get("redirects", ()))
    for name in ("intro", "thanks", "closed", "language"):
        values[name] = str(settings.get(name, ""))
    for name in ("confirmation", "identity_required"):
        values[name] = "yes" if settings.get(name) else ""
    return values | chat_values(settings)


def values_given(form: FormData) -> dict[str, str]:
    """The fields as they were sent, to be shown again where one of them cannot be used."""
    sent = {name: value for name, value in form.items() if isinstance(value, str) and name not in SECRETS}
    return values_of(None) | sent


def settings_of(kind: ChannelKind, form: FormData) -> dict[str, Any]:
    """The settings that a channel's page asks for; None takes one away. Raises Invalid with the field's
    name."""
    if kind is ChannelKind.EMAIL:
        servers = {f"{protocol}_url": server_url(protocol, form) for protocol in _SCHEMES}
        return {
            **servers,
            "authserv_id": _text(form, "authserv_id") or None,
            "first_connection": _first_connection(form),
            **mailbox_settings(form, servers),
        }
    if kind is ChannelKind.WEBCHAT:
        required = True if _text(form, "identity_required") else None
        return {"origins": _origins(form), "identity_required": required, **chat_settings(form)}
    words = {name: _text(form, name) or None for name in ("intro", "thanks", "closed")}
    return {
        "origins": _origins(form),
        "redirects": _lines(form, "redirects"),
        "fields": described(rows_given(form)),
        "confirmation": True if _text(form, "confirmation") else None,
        "language": spoken if (spoken := _text(form, "language")) in LANGUAGES else None,
        **words,
    }


def server_url(protocol: str, form: FormData) -> str | None:
    """imaps://user@host:993 of the fields of a mail server; None without a host. Raises Invalid."""
    host, port, user = (_text(form, f"{protocol}_{part}") for part in ("host", "port", "user"))
    if not host:
        return None
    scheme = _SCHEMES[protocol].get(_text(form, f"{protocol}_security"), _SCHEMES[protocol]["tls"])
    if re.search(r"[\s/@?#]", host):
        raise Invalid("Give the server's name alone, like mail.example.com.", field=f"{protocol}_host")
    if port and not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise Invalid("A port is a number from 1 to 65535.", field=f"{protocol}_port")
    shown_host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    account = f"{quote(user, safe='')}@" if user else ""
    return f"{scheme}://{account}{shown_host}:{port or _PORTS[scheme]}"


def rows_of(settings: Mapping[str, Any]) -> list[FieldRow]:
    """The questions of a form, the default ones where its settings name none."""
    return [
        FieldRow(
            field.name,
            field.label,
            field.type,
            field.required,
            "\n".join(field.options),
            field.help,
            field.target,
        )
        for field in form_fields(settings)
    ]


def rows_given(form: FormData) -> list[FieldRow]:
    """The questions as they were sent; rows without a label are left out."""
    columns = [[str(value) for value in form.getlist(f"field_{part}")] for part in _COLUMNS]
    for part in _LATER_COLUMNS:
        later = [str(value) for value in form.getlist(f"field_{part}")]
        columns.append(later or [""] * len(columns[0]))
    if len({len(column) for column in columns}) != 1:
        raise Invalid("The questions of the form came incomplete. Load the page again.", field="fields")
    rows = [
        FieldRow(name.strip(), label.strip(), kind, must == "yes", offered, words.strip(), target)
        for name, label, kind, must, offered, words, target in zip(*columns, strict=True)
    ]
    return [row for row in rows if row.label or row.name]


def moved(rows: Sequence[FieldRow], wanted: str) -> list[FieldRow]:
    """The questions after a button: `add`, `up:2`, `down:2` or `remove:2`, counted from 0."""
    changed = list(rows)
    if wanted == "add":
        return [*changed, FieldRow()][:MOST_FIELDS]
    found = _MOVE.fullmatch(wanted)
    index = int(found[2]) if found else len(changed)
    if not found or index >= len(changed):
        return changed
    row = changed.pop(index)
    if found[1] != "remove":
        changed.insert(max(0, index - 1) if found[1] == "up" else index + 1, row)
    return changed


def described(rows: Sequence[FieldRow]) -> list[dict[str, Any]]:
    """The questions as a channel stores them; raises Invalid for unusable ones."""
    if not rows:
        raise Invalid("A form needs one question at least.", field="fields")
    if len(rows) > MOST_FIELDS:
        raise Invalid("A form has at most %(most)s questions.", most=MOST_FIELDS, field="fields")
    stored: list[dict[str, Any]] = []
    for row in rows:
        name = _input_name(row, {field["name"] for field in stored})
        if row.type not in list(FieldType) or row.target not in list(Target):
            raise Invalid(
                "%(question)s has a type that forms do not know.", question=row.label or name, field="fields"
            )
        options = [line.strip() for line in row.options.splitlines() if line.strip()]
        if row.type in OFFERS_OPTIONS and not options:
            raise Invalid(
                "%(question)s: write the answers it offers, one on a line.",
                question=row.label or name,
                field="fields",
            )
        field = {"name": name, "label": row.label or name, "type": row.type, "required": row.required}
        more = {"options": options if row.type in _WITH_OPTIONS else [], "help": row.help[:LONGEST_HELP]}
        stored.append(field | {key: value for key, value in (more | {"target": row.target}).items() if value})
    if not any(field["type"] not in (FieldType.HEADING, FieldType.HIDDEN) for field in stored):
        raise Invalid("A form needs one question at least.", field="fields")
    return stored


def _input_name(row: FieldRow, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", row.name or row.label).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:60] or "question"
    number = 2
    unique = name
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    return unique


def _server_values(protocol: str, url: str) -> dict[str, str]:
    parts = urlsplit(url)
    is_starttls = parts.scheme == _SCHEMES[protocol]["starttls"]
    return {
        f"{protocol}_host": parts.hostname or "",
        f"{protocol}_port": str(parts.port or ""),
        f"{protocol}_user": unquote(parts.username or ""),
        f"{protocol}_security": "starttls" if is_starttls else "tls",
    }


def _first_connection(form: FormData) -> str:
    wanted = _text(form, "first_connection") or "now"
    if wanted != "days":
        return wanted if wanted in FIRST_CONNECTIONS else "now"
    days = _text(form, "first_days")
    if not (days.isascii() and days.isdecimal() and 0 < int(days) < 10_000):
        raise Invalid("Give a number of days, like 30.", field="first_days")
    return str(int(days))


def _origins(form: FormData) -> list[str]:
    return [line.rstrip("/") for line in _lines(form, "origins")]


def _lines(form: FormData, name: str) -> list[str]:
    return [line.strip() for line in _text(form, name).splitlines() if line.strip()]


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""
