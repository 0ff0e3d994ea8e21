"""Finding what was written, and who wrote it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from inbox.queries import customers, searches
from inbox.queries.searches import Hit, terms_of
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_customer
from web.acting import actor_of
from web.installation import installation_of
from web.templating import page
from web.workspace import shell_for

MOST_CUSTOMERS = 5
MOST_NOTES = 5


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words of a hit; `is_found` where they are what was looked for."""

    text: str
    is_found: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A hit as it is shown."""

    hit: Hit
    face: Face
    stretches: Sequence[Stretch]


async def show(request: Request) -> Response:
    """GET /search?q=&cursor="""
    words, cursor = request.query_params.get("q", "").strip(), request.query_params.get("cursor")
    actor, people, notes = actor_of(request), [], []
    following = None
    messages: list[Found] = []
    async with installation_of(request).database.reading() as session:
        shell = await shell_for(session, request.state.agent)
        if terms_of(words):
            hits = await searches.messages(session, words, actor=actor, cursor=cursor)
            messages, following = [_found(hit, words) for hit in hits.items], hits.next
        if terms_of(words) and not cursor:
            notes = [
                _found(hit, words)
                for hit in await searches.notes(session, words, actor=actor, limit=MOST_NOTES)
            ]
            people = list((await customers.page(session, words=words, limit=MOST_CUSTOMERS)).items)
    return page(
        request,
        "searches/show.html",
        words=words,
        people=[(one, face_of_customer(one.customer)) for one in people],
        notes=notes,
        messages=messages,
        next=following,
        shell=shell,
        current="search",
    )


def _found(hit: Hit, words: str) -> Found:
    return Found(hit, face_of_customer(hit.customer), marked(hit.snippet, terms_of(words)))


def marked(text: str, terms: Sequence[str]) -> list[Stretch]:
    """The text in stretches, those that begin with one of the terms told apart."""
    if not terms:
        return [Stretch(text, is_found=False)]
    pattern = "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True))
    pieces = re.split(rf"(\b(?:{pattern}))", text, flags=re.IGNORECASE)
    return [Stretch(piece, number % 2 == 1) for number, piece in enumerate(pieces) if piece]
