"""What a stored submission says: canonical JSON, as the endpoint wrote it, into an inbound message."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from channels.forms.fields import FieldType, FormField, Target, form_fields
from channels.stored_files import attachment, described
from inbox.addresses import normalise_email
from inbox.envelopes import Address, AddressKind, ChannelFacts, ChannelKind, InboundAttachment, InboundMessage
from inbox.errors import Invalid, Refused

LONGEST_SUBJECT = 250
LONGEST_ATTRIBUTE_NAME = 60
LONGEST_ATTRIBUTE = 300


def write(
    *,
    submission_id: str,
    fields: Mapping[str, str],
    files: list[InboundAttachment],
    received_at: datetime,
    ip_block: str = "",
    page: str | None = None,
    spam: str = "",
) -> bytes:
    """A submission as it is stored before anybody parses it. `spam` says what gave a robot away, or
    nothing."""
    content = {
        "id": submission_id,
        "fields": dict(fields),
        "files": [described(file) for file in files],
        "received_at": received_at.isoformat(),
        "ip_block": ip_block,
        "page": page,
        "spam": spam,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def parse(raw: bytes, *, channel: ChannelFacts) -> InboundMessage:
    """The message of one submission. Its address was typed, so it is a claim: the core decides what it
    reaches.

    Without a usable address it comes from a visitor of its own, named by the submission.
    Raises Refused where *raw* is not what `write()` makes.
    """
    try:
        content = json.loads(raw)
        values = {str(name): str(value) for name, value in content["fields"].items()}
        files = tuple(attachment(file) for file in content["files"])
        submission_id, sent_at = str(content["id"]), datetime.fromisoformat(content["received_at"])
        page, spam, network = content["page"], bool(content["spam"]), str(content["ip_block"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused("This is no form submission: %(trouble)s.", trouble=repr(error)) from error
    fields = form_fields(channel.settings)
    text = values.get(_text_field(fields, values), "")
    return InboundMessage(
        channel=ChannelKind.FORM,
        sender=_sender(fields, values, channel, submission_id),
        content_hash=_content_hash(values, files),
        external_id=submission_id,
        subject=_subject(fields, values, channel, text),
        text=text,
        fields=_labelled(fields, values),
        attachments=files,
        spam=spam,
        sent_at=sent_at,
        page_url=page,
        network=network,
        company=_targeted(fields, values, Target.COMPANY)[:LONGEST_ATTRIBUTE],
        attributes=_attributes(fields, values),
    )


def _sender(
    fields: tuple[FormField, ...], values: Mapping[str, str], channel: ChannelFacts, submission_id: str
) -> Address:
    name = _targeted(fields, values, Target.NAME) or values.get("name", "")
    if address := typed_address(fields, values):
        return Address(address, name)
    return Address(f"{channel.public_key}:{submission_id}", name, AddressKind.VISITOR)


def typed_address(fields: tuple[FormField, ...], values: Mapping[str, str]) -> str | None:
    """The first usable address that was typed, normalised; None where there is none."""
    typed = [values[field.name] for field in fields if field.type is FieldType.EMAIL and field.name in values]
    for address in [*typed, values.get("email", "")]:
        try:
            return normalise_email(address)
        except Invalid:
            continue
    return None


def _text_field(fields: tuple[FormField, ...], values: Mapping[str, str]) -> str:
    if "message" in values:
        return "message"
    long_ones = [f.name for f in fields if f.type is FieldType.TEXTAREA and f.name in values]
    return long_ones[0] if long_ones else ""


def _subject(
    fields: tuple[FormField, ...], values: Mapping[str, str], channel: ChannelFacts, text: str
) -> str:
    first_line = text.split("\n", 1)[0].strip()
    asked = _targeted(fields, values, Target.SUBJECT) or values.get("subject")
    return " ".join((asked or channel.name or first_line).split())[:LONGEST_SUBJECT]


def _targeted(fields: tuple[FormField, ...], values: Mapping[str, str], target: Target) -> str:
    """The first answer that the map sends there, or nothing."""
    return next((values[f.name] for f in fields if f.target is target and values.get(f.name)), "")


def _attributes(fields: tuple[FormField, ...], values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (field.label[:LONGEST_ATTRIBUTE_NAME], values[field.name][:LONGEST_ATTRIBUTE])
        for field in fields
        if field.target is Target.ATTRIBUTE and values.get(field.name)
    )


def _labelled(fields: tuple[FormField, ...], values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The answers under their labels, in the form's order; what the message itself says is not repeated."""
    labels = {field.name: field.label for field in fields}
    text_field = _text_field(fields, values)
    order = [*(name for name in labels if name in values), *(name for name in values if name not in labels)]
    return tuple((labels.get(name, name), values[name]) for name in order if name != text_field)


def _content_hash(values: Mapping[str, str], files: tuple[InboundAttachment, ...]) -> str:
    content = json.dumps([sorted(values.items()), [file.digest for file in files]], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()
