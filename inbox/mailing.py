"""Sends the mails that the installation writes by itself: at once, with the empty sender, and never twice.

Unlike a message of an agent, one whose fate nobody knows is not tried again: a second code or a second
confirmation is worth less than the certainty that nobody is bothered with them.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime

from inbox import clock
from inbox.accounts import account_of
from inbox.actions import automatic_mails
from inbox.actions.automatic_mails import Leaving
from inbox.db import Database
from inbox.envelopes import Address, ChannelKind, OutboundMessage, Outcome, Sender
from inbox.errors import DeliveryFailure, OutcomeUnknown, PermanentFailure
from inbox.models import AutomaticState, Channel
from inbox.rounds import keep_rounds
from inbox.secrets import Keys

AT_ONCE = 4
WAITS_IN = ("automatic_mails",)  # the tables that say when something is due

_log = logging.getLogger(__name__)
_STATES = {
    Outcome.SENT: AutomaticState.SENT,
    Outcome.TEMPORARY: AutomaticState.WAITING,
    Outcome.PERMANENT: AutomaticState.FAILED,
    Outcome.UNKNOWN: AutomaticState.UNKNOWN,
}


class AutomaticMailWorker:
    """Sends what is due until it is cancelled. Any number of processes may run it."""

    def __init__(self, database: Database, keys: Keys, senders: Mapping[str, Sender]) -> None:
        self._database = database
        self._keys = keys
        self._senders = senders

    async def run(self) -> None:
        """Sleep until something is due, send it, and sleep again; trouble is logged, and tried again."""
        await keep_rounds(
            self._database.feed,
            "automatic mail",
            of=WAITS_IN,
            next_due=self._next_due,
            do=self.send_what_is_due,
            apart=0.1,
        )

    async def send_what_is_due(self) -> int:
        """One round; answers how many it took."""
        async with self._database.transaction() as session:
            leaving = await automatic_mails.claim(session, keys=self._keys, limit=AT_ONCE)
        await asyncio.gather(*map(self._send, leaving))
        return len(leaving)

    async def _next_due(self) -> datetime | None:
        async with self._database.reading() as session:
            return await automatic_mails.next_moment(session)

    async def _send(self, leaving: Leaving) -> None:
        state, text = await self._attempt(leaving)
        async with self._database.transaction() as session:
            await automatic_mails.settle(session, leaving.mail_id, state, text)

    async def _attempt(self, leaving: Leaving) -> tuple[AutomaticState, str]:
        try:
            return await self._deliver(leaving)
        except OutcomeUnknown as failure:
            return AutomaticState.UNKNOWN, str(failure)
        except PermanentFailure as failure:
            return AutomaticState.FAILED, str(failure)
        except DeliveryFailure as failure:
            return AutomaticState.WAITING, str(failure)
        except Exception as error:
            _log.exception("automatic mail: %s could not be sent", leaving.public_id)
            return AutomaticState.UNKNOWN, str(error)

    async def _deliver(self, leaving: Leaving) -> tuple[AutomaticState, str]:
        async with self._database.reading() as session:
            channel = await session.get_one(Channel, leaving.channel_id)
        if channel.is_sample:
            return AutomaticState.SENT, ""  # nothing leaves the house of a sample
        sender = self._senders.get(channel.kind)
        if channel.deactivated_at is not None or sender is None or not channel.settings.get("smtp_url"):
            raise PermanentFailure("This mailbox sends nothing.")
        raw = await asyncio.to_thread(sender.compose, _composed(leaving, channel))
        # The empty sender (RFC 3834 §3.3): what cannot be delivered comes back to nobody.
        account = account_of(channel, self._keys)
        outcomes = await sender.deliver(account, raw, sender="", recipients=[leaving.address])
        outcome = outcomes[leaving.address]
        return _STATES[outcome.outcome], outcome.text if outcome.outcome is not Outcome.SENT else ""


def _composed(leaving: Leaving, channel: Channel) -> OutboundMessage:
    return OutboundMessage(
        message_id=leaving.public_id,
        external_id=leaving.external_id,
        channel=ChannelKind.EMAIL,
        sender=Address(value=channel.address or "", name=channel.name),
        to=(Address(value=leaving.address),),
        subject=leaving.subject,
        text=leaving.text,
        written_at=clock.now(),
        automatic=True,
    )
