"""What anybody may know of a chat before they write: how it greets, what it asks, when answers come."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from inbox import clock
from inbox.models import Channel
from inbox.queries.continuity import mailbox_of
from inbox.queries.expectations import typical_reply
from inbox.queries.happenings import Reading
from inbox.queries.hours import of_team
from web.bodies import UPLOAD_BYTES
from web.origins import allowed_origins
from web.visit_words import Catalogue

MOST_TOPICS = 4
MOST_QUESTIONS = 3
ASKED = ("name", "email")  # each "optional" or "required" in a channel's settings as `ask_name`, `ask_email`


async def facts_of(session: Reading, channel: Channel, words: Catalogue) -> dict[str, Any]:
    """The facts, in one language."""
    settings, own = channel.settings, words.panel
    name = str(settings.get("company") or channel.name)
    is_away, back = await _away(session, channel, words)
    usual = await typical_reply(session, channel)
    soon = settings.get("expectation") or _in_words(usual, words)
    return {
        "key": channel.public_key,
        "name": name,
        "initials": _initials(name),
        "greeting": settings.get("greeting") or own["greeting"],
        "lead": settings.get("lead") or own["lead"],
        "expectation": (back or own["away"]) if is_away else soon,
        "usual": max(60, round(usual.total_seconds())) if usual and not is_away else 0,
        "away": is_away,
        "away_words": settings.get("away_words") or "",
        "ask": asked_of(channel, words, is_away=is_away),
        "topics": [str(topic)[:60] for topic in (settings.get("topics") or ())][:MOST_TOPICS],
        "accent": _accent(str(settings.get("accent") or "")),
        "origins": list(allowed_origins(settings)),
        "identity_required": bool(settings.get("identity_required")),
        "mails": await mailbox_of(session, channel) is not None,
        "upload_bytes": UPLOAD_BYTES,
        "language": words.language,
    }


def told_to_script(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The part that the panel's script needs; its document and its address tell the rest."""
    known = ("identity_required", "key", "name", "language")
    return {name: value for name, value in facts.items() if name not in known}


def asked_of(channel: Channel, words: Catalogue, *, is_away: bool = False) -> list[dict[str, Any]]:
    """What is asked before the first message. A question of the company's own is required where it ends with
    an asterisk; out of hours the address is, for the answer goes there."""
    asked = []
    for name in ASKED:
        is_required = channel.settings.get(f"ask_{name}") == "required" or (is_away and name == "email")
        if channel.settings.get(f"ask_{name}") or is_required:
            label = words.screens[name]
            asked.append({"name": name, "label": label, "fills": name, "required": is_required})
    questions = [str(each).strip() for each in channel.settings.get("questions") or ()][:MOST_QUESTIONS]
    return asked + [
        {"name": f"q{number}", "label": each.rstrip("* ")[:120], "required": each.endswith("*")}
        for number, each in enumerate(questions)
    ]


def _initials(name: str) -> str:
    words = re.findall(r"\w+", name)
    return "".join(word[0] for word in words[:2]).upper()


def _accent(color: str) -> list[str]:
    """The company's colour and what is readable on it, by luminance (WCAG 2.2); nothing where it has none."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        return []
    red, green, blue = ((int(color[at : at + 2], 16) / 255) ** 2.2 for at in (1, 3, 5))
    return [color, "#101010" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 else "#fff"]


async def _away(session: Reading, channel: Channel, words: Catalogue) -> tuple[bool, str]:
    """Whether nobody is there now, and when somebody is again: by the hours of the channel's team, unless
    somebody has said otherwise."""
    wanted = channel.settings.get("away")
    hours = await of_team(session, channel.default_team_id) if wanted != "never" else None
    moment = clock.now()
    if hours is None or hours.is_never or hours.is_open(moment):
        return wanted == "on", ""
    opens = hours.next_opening(moment)
    return True, _back(opens.astimezone(hours.zone), moment.astimezone(hours.zone), words) if opens else ""


def _back(opens: datetime, now: datetime, words: Catalogue) -> str:
    """ "Back tomorrow at 09:00", by the company's clock; nothing where it is longer than a week."""
    days, at, own = (opens.date() - now.date()).days, f"{opens:%H:%M}", words.panel
    if days > 6:
        return ""
    if days > 1:
        day = own["days"].split(",")[opens.weekday()]
        return own["back_on"].replace("{0}", day).replace("{1}", at)
    return own["back_tomorrow" if days else "back_today"].replace("{0}", at)


def _in_words(usual: timedelta | None, words: Catalogue) -> str:
    """ "Replies in about 4 min"; what can be said without knowing, where little is known or it takes long."""
    if usual is None:
        return words.panel["expectation"]
    minutes = usual.total_seconds() / 60
    if minutes < 1.5:
        return words.panel["soon"]
    if minutes < 60:
        rounded = round(minutes) if minutes < 10 else round(minutes / 5) * 5
        return words.panel["minutes"].replace("{0}", str(rounded))
    if minutes < 12 * 60:
        return words.panel["hours"].replace("{0}", str(round(minutes / 60)))
    return words.panel["expectation"]
