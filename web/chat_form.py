"""Between the fields of a web chat's settings page and what its channel stores."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from inbox.errors import Invalid

WORDS = ("company", "greeting", "lead", "teaser", "expectation", "away_words")
LINES = ("topics", "questions")
ASKED = ("ask_name", "ask_email")
AWAY = ("", "on", "never")  # by working hours, away for now, never away
MINUTES = ("0", "1", "2", "5", "15", "60")


def chat_values(settings: Mapping[str, Any]) -> dict[str, str]:
    """What the page shows in the fields of a chat."""
    values = {name: str(settings.get(name, "")) for name in (*WORDS, *ASKED, "away", "accent")}
    values |= {name: "\n".join(settings.get(name, ())) for name in LINES}
    values["continuity_minutes"] = str(int(settings.get("continuity_seconds", 120)) // 60)
    values["show_page"] = "yes" if settings.get("show_page", True) else "no"
    values["show_handoff_names"] = "yes" if settings.get("show_handoff_names") else "no"
    return values


def chat_settings(form: FormData) -> dict[str, Any]:
    """The settings that the page asks for; None takes one away. Raises Invalid with the field's name."""
    words = {name: _text(form, name) or None for name in WORDS}
    lines = {name: _lines(form, name) or None for name in LINES}
    asked = {name: _one_of(form, name, ("", "optional", "required")) or None for name in ASKED}
    minutes = _one_of(form, "continuity_minutes", MINUTES, default="2")
    return {
        **words,
        **lines,
        **asked,
        "accent": _accent(form),
        "away": _one_of(form, "away", AWAY) or None,
        "continuity_seconds": int(minutes) * 60,
        "show_page": _one_of(form, "show_page", ("yes", "no"), default="yes") == "yes",
        "show_handoff_names": True if _text(form, "show_handoff_names") == "yes" else None,
    }


def _accent(form: FormData) -> str | None:
    color = _text(form, "accent").lower()
    if color and not re.fullmatch(r"#[0-9a-f]{6}", color):
        raise Invalid("Write a colour like #0e6e5b.", field="accent")
    return color or None


def _one_of(form: FormData, name: str, allowed: tuple[str, ...], *, default: str = "") -> str:
    chosen = _text(form, name) or default
    if chosen not in allowed:
        raise Invalid("Choose one of what is offered.", field=name)
    return chosen


def _lines(form: FormData, name: str) -> list[str]:
    return [line.strip()[:120] for line in _text(form, name).splitlines() if line.strip()][:4]


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip()[:500] if isinstance(value, str) else ""
