"""What an agent wrote in a composer's form, and chose around it."""

import re
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from starlette.datastructures import FormData

from inbox import clock
from inbox.addresses import normalise_email
from inbox.envelopes import Address, InboundAttachment
from inbox.errors import Invalid
from inbox.hours import Hours
from inbox.models import Status
from web.acting import text_of, texts_of
from web.moments import named_moment, picked_moment

THEN = {"resolve": Status.RESOLVED, "open": Status.OPEN, "tomorrow": Status.SNOOZED, "reply": Status.SNOOZED}
_IN_ANGLES = re.compile(r"<([^<>]*)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What an agent wrote and chose. `to` and `cc` are None where the strand's own recipients are meant,
    `subject` is where the strand's own stands."""

    text: str
    strand_id: str
    channel_id: str
    subject: str | None
    seen: str
    is_anyway: bool
    then: Status
    snoozed_until: datetime | None
    send_at: datetime | None
    to: tuple[Address, ...] | None
    cc: tuple[Address, ...] | None
    bcc: tuple[Address, ...]
    also_answered: list[str]
    uploads: list[str]
    files: list[InboundAttachment] = field(default_factory=list)

    @classmethod
    def of(
        cls, form: FormData, files: list[InboundAttachment], zone: tzinfo, worked: Hours | None = None
    ) -> "Written":
        """The composer's fields; tomorrow begins when work does. Raises Invalid where every recipient was
        unticked, or one is no address."""
        is_addressed = bool(text_of(form, "addressed"))
        to = chosen_addresses(form, "to")
        if is_addressed and not to:
            raise Invalid("Say whom to write to: tick or write an address in To.", field="to")
        then = text_of(form, "then")
        return cls(
            text=words_of(form, "text"),
            strand_id=text_of(form, "strand"),
            channel_id=text_of(form, "channel"),
            subject=text_of(form, "subject") or None,
            seen=text_of(form, "seen"),
            is_anyway=text_of(form, "anyway") == "1",
            then=THEN.get(then, Status.PENDING),
            snoozed_until=named_moment(then, zone, worked) if then == "tomorrow" else None,
            send_at=moment_to_send(form, zone),
            to=to if is_addressed else None,
            cc=chosen_addresses(form, "cc") if is_addressed else None,
            bcc=chosen_addresses(form, "bcc") if is_addressed else (),
            also_answered=texts_of(form, "also_answered"),
            uploads=texts_of(form, "attachment"),
            files=files,
        )


def words_of(form: FormData, name: str) -> str:
    """A text of a form as it was written, blanks and all."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def chosen_addresses(form: FormData, name: str) -> tuple[Address, ...]:
    """The ticked addresses of a field, and those written beside them, with their names, each once. Raises
    Invalid for what is none."""
    written = [("", value) for value in texts_of(form, name)] + written_in(text_of(form, f"{name}_more"))
    found: dict[str, Address] = {}
    for person, value in written:
        address = Address(value=normalise_email(value, field=name), name=person)
        found.setdefault(address.value, address)
    return tuple(found.values())


def written_in(text: str) -> list[tuple[str, str]]:
    """Each (name, address) in a line of them; the name is "" where there is none."""
    parts = [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]
    found = [(part, _IN_ANGLES.search(part)) for part in parts]
    return [
        (part[: angles.start()].strip(' "') if angles else "", angles[1] if angles else part)
        for part, angles in found
    ]


def moment_to_send(form: FormData, zone: tzinfo) -> datetime | None:
    """When a mail is to leave, None for now. Raises Invalid for what is past."""
    later = text_of(form, "later")
    if not later:
        return None
    picked = text_of(form, "send_at")
    moment = picked_moment(picked, zone) if later == "at" else named_moment(later, zone)
    if moment is None or moment <= clock.now():
        raise Invalid("Choose a time that is still to come.", field="send_at")
    return moment
