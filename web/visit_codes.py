"""A visitor proves their mailbox: a code is mailed to the address they type, and typed back in that browser.

For the panel's frames: `ask_code()`, then `type_code()`. Both raise Invalid or Conflict with a sentence for
the visitor, and neither tells whether anybody is known by an address. After a proof the visit has a new token
and may see more: answer it as `identify` is answered, with everything.
"""

import math
from dataclasses import replace

from channels.webchat.tokens import VisitorTokens, digest_of
from inbox.actions import codes, identities, visitors
from inbox.envelopes import AddressKind
from inbox.errors import Conflict, Invalid
from inbox.phrases import N_
from inbox.queries import visitor_views
from web.problems import in_words
from web.rates import Rate, Rates, counted_address
from web.visits import Visit, admit

ASKED_BY_ADDRESS = Rate("mailed codes, address", 10, 3_600)
ASKED_OF_CHANNEL = Rate("mailed codes, channel", 200, 3_600)
TYPED_BY_ADDRESS = Rate("typed codes, address", 30, 3_600)
NOT_RIGHT = N_("This is not the code, or it is too old. Type the newest one, or ask for another.")


async def ask_code(
    visit: Visit, typed: object, *, rates: Rates, host: str | None, language: str = "en"
) -> str:
    """Mail a code to the address that was typed, in the visitor's language; answers the address as it was
    understood."""
    place, channel = counted_address(host), visit.channel
    wait = rates.take_all((ASKED_BY_ADDRESS, f"{channel.id} {place}"), (ASKED_OF_CHANNEL, str(channel.id)))
    if wait:
        raise Conflict(in_words(math.ceil(wait)))
    address = typed if isinstance(typed, str) else ""
    async with visit.installation.database.transaction() as session:
        return await codes.mail_code(
            session,
            channel=channel,
            visitor_id=visit.visitor_id,
            address=address,
            keys=visit.installation.keys,
            language=language,
        )


async def type_code(visit: Visit, typed: object, *, rates: Rates, host: str | None) -> Visit:
    """Compare what was typed with the newest code that this browser asked for; answers the visit, proven.

    A browser that was another mailbox's before starts afresh: two people have sat before it.
    """
    wait = rates.take(TYPED_BY_ADDRESS, f"{visit.channel.id} {counted_address(host)}")
    if wait:
        raise Conflict(in_words(math.ceil(wait)))
    guess = typed if isinstance(typed, str) else ""
    async with visit.installation.database.transaction() as session:  # a wrong guess is kept too: it counts
        address = await codes.try_code(
            session,
            channel=visit.channel,
            visitor_id=visit.visitor_id,
            typed=guess,
            keys=visit.installation.keys,
        )
    if address is None:
        raise Invalid(NOT_RIGHT, field="code")
    return await _prove(visit, address)


async def _prove(visit: Visit, address: str) -> Visit:
    """Give the browser a new token that carries the proof, and join it with whoever owns the mailbox."""
    fresh_visit = await admit(visit.installation, visit.channel, None)
    token = VisitorTokens(visit.installation.keys.derive_all("visitor tokens")).mint(visit.channel.public_key)
    async with visit.installation.database.transaction() as session:
        visitor = await visitor_views.identity_of(session, AddressKind.VISITOR, visit.address)
        if visitor is None:
            await identities.recognise_mailbox(session, visit.address, address)
        elif (await identities.prove_email(session, visitor, address)).fresh_visitor:
            visit = fresh_visit
            await identities.recognise_mailbox(session, visit.address, address)
        old = await visitors.keep_token(
            session,
            channel_id=visit.channel.id,
            digest=digest_of(visit.token),
            visitor_id=visit.visitor_id,
        )
        kept = await visitors.rotate_token(
            session, old, digest=digest_of(token), signed=dict(visit.signed) if visit.signed else None
        )
        kept.proved_email = address
    return replace(visit, token=token, proved_email=address, is_kept=True)
