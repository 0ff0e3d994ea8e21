"""What a visitor may wish for beside writing: to rate, to have a copy, to be forgotten by this browser; and
what their browser says of itself."""

import re
from collections.abc import Mapping
from typing import Any

from channels.webchat.parser import external_id
from channels.webchat.tokens import digest_of
from inbox.actions import automatic_mails, erasures, ratings, visitors
from inbox.envelopes import AddressKind
from inbox.errors import Conflict, Invalid
from inbox.models import AutomaticKind
from inbox.queries import continuity, transcripts, visitor_views
from inbox.queries.visitor_views import View
from web.rates import Rate, Rates
from web.visit_messages import page_of
from web.visits import Visit

COPIES_OF_VISITOR = Rate("copies, visitor", 3, 3_600)
MOST_ATTRIBUTES = 20
LONGEST_ATTRIBUTE = 200
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_TIME_ZONE = re.compile(r"[A-Za-z_]+(/[A-Za-z0-9_+-]+){0,2}")


async def rate(visit: Visit, score: object, comment: object) -> None:
    """Keep what they thought of a chat that has ended. Raises Invalid or Conflict with a sentence to show."""
    async with visit.installation.database.transaction() as session:
        visitor = await visitor_views.identity_of(session, AddressKind.VISITOR, visit.address)
        if visitor is None:
            raise Conflict("There is nothing to rate yet.")
        words = comment if isinstance(comment, str) else ""
        await ratings.rate(session, visitor, channel=visit.channel, score=score, comment=words)


async def ask_erasure(visit: Visit, view: View, client_id: str) -> None:
    """File that what they wrote under this id asks for their data to be deleted; repeating it changes
    nothing."""
    async with visit.installation.database.transaction() as session:
        visitor = await visitor_views.identity_of(session, AddressKind.VISITOR, visit.address)
        reference = external_id(visit.visitor_id, client_id)
        message = await visitor_views.message_by_external_id(session, view, reference)
        if visitor is not None and message is not None:
            await erasures.ask_erasure(session, visitor, message)


async def mail_copy(visit: Visit, rates: Rates) -> str:
    """Mail them what was said, to an address that is proven to be theirs; answers it.

    Raises Conflict, with a sentence for them, where none is proven or where no mail can leave.
    """
    if rates.take(COPIES_OF_VISITOR, f"{visit.channel.id} {visit.visitor_id}"):
        raise Conflict("You have asked for several copies already. Try again in an hour.")
    async with visit.installation.database.transaction() as session:
        visitor = await visitor_views.identity_of(session, AddressKind.VISITOR, visit.address)
        if visitor is None:
            raise Conflict("There is nothing to send yet.")
        address = await continuity.proved_address(session, visitor)
        if address is None:
            raise Conflict("Confirm your address first: a copy goes to nobody else.")
        mailbox = await continuity.mailbox_of(session, visit.channel)
        if mailbox is None:
            raise Conflict("We cannot send mail from here just now.")
        language = await continuity.language_of(session, visitor)
        mail = await automatic_mails.send(
            session,
            kind=AutomaticKind.COPY,
            mailbox=mailbox,
            address=address,
            subject=continuity.subject_of(visit.channel, language),
            text=await transcripts.transcript_of(session, visitor, language),
            keys=visit.installation.keys,
        )
        if mail is None:
            raise Conflict("You have asked for several copies already. Try again in an hour.")
    return address


async def forget(visit: Visit) -> None:
    """Sign this browser out: its token is void from now on."""
    if visit.is_kept:
        async with visit.installation.database.transaction() as session:
            await visitors.revoke_tokens(session, visit.channel.id, visit.visitor_id)


async def notice(visit: Visit, said: Mapping[str, Any]) -> None:
    """Keep what the browser says of itself, for agents to see: none of it proves anything."""
    facts = read_browser(said, shows_page=bool(visit.channel.settings.get("show_page", True)))
    if facts and visit.is_kept:
        async with visit.installation.database.transaction() as session:
            await visitors.note_browser(session, digest_of(visit.token), facts)


def read_browser(said: Mapping[str, Any], *, shows_page: bool) -> dict[str, Any]:
    """What can be used of what a browser says of itself; the rest is left out.

    Raises Invalid for attributes that are no flat object of a few short values.
    """
    facts: dict[str, Any] = {}
    for name, pattern in (("language", _LANGUAGE), ("time_zone", _TIME_ZONE)):
        value = said.get(name)
        if isinstance(value, str) and len(value) <= 35 and pattern.fullmatch(value):
            facts[name] = value
    if shows_page and (page := page_of(said.get("page"))):
        facts["page"] = page
    if said.get("attributes") is not None:
        facts["attributes"] = _attributes(said["attributes"])
    return facts


def _attributes(given: object) -> dict[str, str]:
    if not isinstance(given, dict) or len(given) > MOST_ATTRIBUTES:
        raise Invalid(
            "setAttributes() takes an object of at most %(most)s values.",
            most=MOST_ATTRIBUTES,
            field="attributes",
        )
    kept = {}
    for name, value in given.items():
        if isinstance(value, bool | int | float | str) and str(name).isprintable():
            words = "".join(character for character in str(value) if character.isprintable())
            kept[str(name)[:60]] = words[:LONGEST_ATTRIBUTE]
    return kept
