"""Small, real objects that stand for the world outside."""

import asyncio
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inbox.envelopes import Account, OutboundMessage, Outcome, RecipientOutcome

Scripted = Outcome | Exception | Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of `deliver()`."""

    account: Account
    raw: bytes
    sender: str
    recipients: tuple[str, ...]


class FakeSender:
    """A `Sender` that does as its script says, one entry for each attempt, and succeeds after its end.

    An entry is an outcome for all recipients, outcomes by address (others are sent), or an exception.
    `attempts` is what was asked of it, `arrived` how often something reached each address. While `gate` is
    cleared, deliveries hang.
    """

    def __init__(self, *script: Scripted) -> None:
        self.script = deque(script)
        self.attempts: list[Attempt] = []
        self.composed: list[OutboundMessage] = []
        self.arrived: Counter[str] = Counter()
        self.gate = asyncio.Event()
        self.gate.set()

    def compose(self, message: OutboundMessage) -> bytes:
        """Bytes that name the message, what it says and which composition this is."""
        self.composed.append(message)
        return f"{message.external_id}\n{message.subject}\n{len(self.composed)}\n\n{message.text}".encode()

    async def deliver(
        self, account: Account, raw: bytes, *, sender: str, recipients: Sequence[str]
    ) -> Mapping[str, RecipientOutcome]:
        """Do as the script says."""
        self.attempts.append(Attempt(account, raw, sender, tuple(recipients)))
        await self.gate.wait()
        step = self.script.popleft() if self.script else Outcome.SENT
        if isinstance(step, Exception):
            raise step
        outcomes = step if isinstance(step, Mapping) else dict.fromkeys(recipients, step)
        answers = {}
        for recipient in recipients:
            outcome = outcomes.get(recipient, Outcome.SENT)
            self.arrived[recipient] += outcome is Outcome.SENT
            answers[recipient] = RecipientOutcome(outcome=outcome, text=f"The server says {outcome}.")
        return answers
