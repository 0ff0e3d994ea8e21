"""What a visitor sends, checked: words, files that were uploaded before, answers to what is asked first."""

import re
from collections.abc import Mapping
from typing import Any

from inbox.envelopes import InboundAttachment
from inbox.errors import Invalid
from web.installation import Installation
from web.sealed import Seals
from web.visits import ChatMessage, Visit

LONGEST_TEXT = 4_000
LONGEST_PAGE = 1_000
MOST_FILES = 5
MOST_ANSWERS = 5
UPLOAD_SECONDS = 24 * 3600
_NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def read_message(visit: Visit, given: Mapping[str, Any]) -> ChatMessage:
    """Check what a panel sends; raises Invalid with a sentence for the visitor."""
    client_id, text = given.get("client_id"), given.get("text")
    if not isinstance(client_id, str) or not re.fullmatch("[!-~]{8,64}", client_id):
        raise Invalid("A message needs a client_id of 8 to 64 characters.", field="client_id")
    if not isinstance(text, str):
        raise Invalid("A message needs its text.", field="text")
    text = _NOT_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text.encode()) > LONGEST_TEXT:
        raise Invalid("This is too long for one message. Please send it in parts.", field="text")
    files = _files(visit, given.get("files") or [])
    if not text and not files:
        raise Invalid("Write something first.", field="text")
    return ChatMessage(
        client_id=client_id,
        text=text,
        page=page_of(given.get("page")),
        files=files,
        name=_line(given.get("name"), 200),
        fields=_answers(given.get("fields")),
    )


def page_of(said: object) -> str | None:
    """The web address of the page that somebody writes from, on one line; None for what is none."""
    page = _line(said, LONGEST_PAGE)
    return page if page.startswith(("http://", "https://")) else None


def upload_seals(installation: Installation) -> Seals:
    """Seals over what a visitor has uploaded, until it is sent with a message."""
    return Seals(installation.keys, "visitor upload")


def _files(visit: Visit, given: object) -> list[InboundAttachment]:
    if not isinstance(given, list) or len(given) > MOST_FILES:
        raise Invalid("At most %(most)s files go with one message.", most=MOST_FILES, field="files")
    seals = upload_seals(visit.installation)
    files = []
    for sealed in given:
        facts = seals.open(sealed, seconds=UPLOAD_SECONDS)
        if facts is None or facts.pop("visitor") != visit.visitor_id:
            raise Invalid("One of the files is no longer there. Please add it again.", field="files")
        files.append(InboundAttachment(**facts))
    return files


def _answers(given: object) -> list[tuple[str, str]]:
    """What was answered before the chat: [[question, answer], …]; what is none of it is left out."""
    pairs = given if isinstance(given, list) else []
    asked = [pair for pair in pairs[:MOST_ANSWERS] if isinstance(pair, list) and len(pair) == 2]
    lines = [(_line(question, 120), _line(answer, 500)) for question, answer in asked]
    return [(question, answer) for question, answer in lines if question and answer]


def _line(given: object, longest: int) -> str:
    return " ".join(_NOT_TEXT.sub("", given).split())[:longest] if isinstance(given, str) else ""
