"""Calendar invitations (RFC 5545, 6047): what, when, where and from whom, as labelled facts."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime

from channels.email.charsets import decode
from channels.email.mime import Part
from channels.email.transfer import content_of

MAX_BYTES = 500_000
MAX_VALUE = 500

_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r'([A-Za-z-]+)((?:;[^:;="]+=(?:"[^"]*"|[^:;"]*)(?:,(?:"[^"]*"|[^:;,"]*))*)*):(.*)')
_PARAMETER = re.compile(r';([^=;:"]+)=("[^"]*"|[^:;"]*)')
_ESCAPED = re.compile(r"\\([\\;,nN])")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(?:\d\d)?(Z?))?")
_METHODS = {
    "REQUEST": "Invitation",
    "PUBLISH": "Event",
    "CANCEL": "Cancelled event",
    "REPLY": "Answer to an invitation",
    "COUNTER": "Other time proposed",
    "DECLINECOUNTER": "Other time declined",
    "REFRESH": "Invitation asked for",
    "ADD": "Event added",
}
_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "accepted perhaps"}

Facts = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Value:
    text: str
    parameters: dict[str, str] = field(default_factory=dict)


def read_invitation(part: Part) -> Facts:
    """(label, words) of the first event of a calendar file, or () where there is none."""
    text = decode(content_of(part)[:MAX_BYTES], part.parameters.get("charset") or "utf-8")
    method, event = _event(text)
    if not event:
        return ()
    method = (method or part.parameters.get("method") or "PUBLISH").upper()
    facts = [(_METHODS.get(method, "Event"), _said(event, "SUMMARY") or "Without a title")]
    if method == "REPLY" and (attendee := event.get("ATTENDEE")):
        answer = _ANSWERS.get(attendee.parameters.get("PARTSTAT", "").upper(), "")
        facts.append(("Answer", f"{_person(attendee)}: {answer}".strip(": ")))
    facts += [
        ("When", _when(event)),
        ("Where", _said(event, "LOCATION")),
        ("Organiser", _person(event["ORGANIZER"]) if "ORGANIZER" in event else ""),
    ]
    return tuple((label, words) for label, words in facts if words)


def invitation_words(facts: Facts) -> str:
    """The facts as text, for a mail that holds no other words."""
    return "\n".join(f"{label}: {words}" for label, words in facts)


def _event(text: str) -> tuple[str, dict[str, _Value]]:
    """The METHOD of the calendar, and the properties of its first event or task, without its alarms."""
    method = ""
    event: dict[str, _Value] = {}
    inside: list[str] = []
    for line in _FOLD.sub("", text).splitlines():
        found = _LINE.fullmatch(line.strip()[:10_000])
        if found is None:
            continue
        name, value = found[1].upper(), found[3]
        if name == "BEGIN":
            inside.append(value.upper())
        elif name == "END":
            if value.upper() in ("VEVENT", "VTODO") and event:
                break
            inside = inside[:-1]
        elif name == "METHOD":
            method = value.strip()
        elif inside and inside[-1] in ("VEVENT", "VTODO"):
            parameters = {key.upper(): said.strip('"') for key, said in _PARAMETER.findall(found[2])}
            event.setdefault(name, _Value(value, parameters))
    return method, event


def _said(event: dict[str, _Value], name: str) -> str:
    if name not in event:
        return ""
    text = _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], event[name].text)
    return " ".join(text.split())[:MAX_VALUE]


def _person(value: _Value) -> str:
    address = re.sub(r"^mailto:", "", value.text.strip(), flags=re.IGNORECASE)[:MAX_VALUE]
    name = value.parameters.get("CN", "").strip()[:MAX_VALUE]
    return f"{name} ({address})" if name and address and name != address else name or address


def _when(event: dict[str, _Value]) -> str:
    start = _moment(event.get("DTSTART"))
    if start is None:
        return ""
    begins, zone = start
    words = _day(begins)
    end = _moment(event.get("DTEND") or event.get("DUE"))
    if isinstance(begins, datetime):
        words += f", {begins:%H:%M}"
        if end and isinstance(end[0], datetime):
            same_day = end[0].date() == begins.date()
            words += f" to {end[0]:%H:%M}" if same_day else f" to {_day(end[0])}, {end[0]:%H:%M}"
        words += f" {zone}" if zone else ""
    return words + (", repeated" if "RRULE" in event else "")


def _moment(value: _Value | None) -> tuple[date | datetime, str] | None:
    """As the invitation has it, and the name of its zone; nothing is converted."""
    found = _MOMENT.match(value.text.strip()) if value else None
    if found is None or value is None:
        return None
    try:
        if found[4] is None:
            return date(int(found[1]), int(found[2]), int(found[3])), ""
        # Its zone stays in words: nothing is converted.
        naive = datetime.fromisoformat(f"{found[1]}-{found[2]}-{found[3]}T{found[4]}:{found[5]}")
    except ValueError:
        return None
    return naive, "UTC" if found[6] else value.parameters.get("TZID", "").strip("/")[:60]


def _day(moment: date) -> str:
    return f"{moment:%A}, {moment.day} {moment:%B %Y}"
