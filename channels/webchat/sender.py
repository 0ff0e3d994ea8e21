"""Nothing goes over a wire here: what is sent appears to the visitor by the event that says so."""

from collections.abc import Mapping, Sequence

from inbox.envelopes import Account, OutboundMessage, Outcome, RecipientOutcome


class WebchatSender:
    """Says that a message has been sent; the visitor's panel fetches it and acknowledges it as delivered."""

    def compose(self, message: OutboundMessage) -> bytes:
        """The words alone: there is no envelope."""
        return message.text.encode()

    async def deliver(
        self, account: Account, raw: bytes, *, sender: str, recipients: Sequence[str]
    ) -> Mapping[str, RecipientOutcome]:
        """Sent, for every visitor it is meant for."""
        return {recipient: RecipientOutcome(outcome=Outcome.SENT) for recipient in recipients}
