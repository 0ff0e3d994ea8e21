"""Mail on its way out, over SMTP (RFC 5321) to the server of the channel's mailbox.

What becomes of each recipient is said truthfully: until the server has asked for the data (354) nothing was
sent, and trouble is temporary; from then on a lost answer means that nobody knows.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from aiosmtplib import SMTP, SMTPException, SMTPResponseException, SMTPServerDisconnected

from channels.email.addresses import is_ascii_address, wire_address
from channels.email.composer import ReadBlob, compose
from channels.email.servers import MailServer, smtp_server
from channels.email.smtp_answers import (
    AUTHENTICATION_FAILED,
    FULL,
    before_data,
    failure_of,
    one_line,
    outcome_of,
    reason_of,
)
from channels.email.smtp_logins import TokenSource, log_in
from inbox.envelopes import Account, OutboundMessage, Outcome, RecipientOutcome
from inbox.errors import DeliveryFailure, Invalid, OutcomeUnknown, PermanentFailure, TemporaryFailure

__all__ = ["AUTHENTICATION_FAILED", "EmailSender"]

CONNECT_SECONDS = 30.0
COMMAND_SECONDS = 60.0
ANSWER_SECONDS = 600.0  # RFC 5321 §4.5.3.2.6: after the data a server may think for ten minutes
BEFORE_DATA_SECONDS = 900.0  # however many recipients are named, and however slowly they are looked at

LONGEST_ENVELOPE_ID = 100  # RFC 3461 §5.4

_START_INPUT = 354
_SERVICE_NOT_AVAILABLE = 421
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
# Nothing in it that xtext (RFC 3461 §4) would have to encode.
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([!-*,-;?-~]+)>", re.IGNORECASE | re.MULTILINE)
_LEADING_DOT = re.compile(rb"(?m)^\.")


class EmailSender:
    """The way out of an email channel; implements `inbox.envelopes.Sender`."""

    def __init__(
        self,
        read_blob: ReadBlob,
        *,
        tls: ssl.SSLContext | None = None,
        tokens: TokenSource | None = None,
    ) -> None:
        """*tls* trusts what the system does not; None means the system's certificates. *tokens* are for
        mailboxes that are signed in to at a provider."""
        self._read_blob = read_blob
        self._tls = tls
        self._tokens = tokens

    def compose(self, message: OutboundMessage) -> bytes:
        """The bytes to send; raises Invalid where a header or an address cannot be used."""
        return compose(message, self._read_blob)

    async def deliver(
        self, account: Account, raw: bytes, *, sender: str, recipients: Sequence[str]
    ) -> Mapping[str, RecipientOutcome]:
        """Hand *raw* over in one transaction; answers what became of each recipient, by the address as given.

        Raises TemporaryFailure before the server asked for the data (code 535: the login was refused),
        PermanentFailure where it refuses the sender or the size, OutcomeUnknown where its answer to the
        data was lost. An address that cannot be used is PERMANENT for itself alone.
        """
        try:
            async with asyncio.timeout(BEFORE_DATA_SECONDS) as limit, self._session(account) as client:
                return await _Transaction(client, raw, limit).run(sender, recipients)
        except Invalid as error:  # the channel's settings: they can be mended while the mail waits
            raise TemporaryFailure(str(error)) from error
        except (SMTPException, OSError, TimeoutError) as error:
            raise before_data(error) from error

    async def check(self, account: Account) -> str | None:
        """Log in; None where all is well, else one sentence that says what is wrong."""
        try:
            async with asyncio.timeout(2 * COMMAND_SECONDS), self._session(account):
                return None
        except (DeliveryFailure, Invalid) as trouble:
            return str(trouble)
        except (SMTPException, OSError, TimeoutError) as error:
            return str(before_data(error))

    @asynccontextmanager
    async def _session(self, account: Account) -> AsyncIterator[SMTP]:
        server = smtp_server(account)
        client = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.implicit_tls,
            start_tls=False,
            tls_context=self._tls,  # None: the library's own, which checks the certificate
            local_hostname=_domain_of(account.address),
            timeout=COMMAND_SECONDS,
        )
        try:
            await client.connect(timeout=CONNECT_SECONDS)
            await self._secure(client, server)
            await log_in(client, server, account, self._tokens)
            yield client
            # The outcome stands; a server that is rude at the end changes nothing.
            with suppress(SMTPException, OSError, TimeoutError):
                await client.quit(timeout=5)
        finally:
            client.close()

    async def _secure(self, client: SMTP, server: MailServer) -> None:
        await client.ehlo(timeout=COMMAND_SECONDS)
        # A certificate for this very machine is nothing that the system would know.
        if server.implicit_tls or (server.is_loopback and self._tls is None):
            return
        if not client.supports_extension("starttls"):
            raise TemporaryFailure(
                f"{server.host} offers no encryption (STARTTLS), so nothing was sent to it."
            )
        await client.starttls(timeout=COMMAND_SECONDS)
        await client.ehlo(timeout=COMMAND_SECONDS)


class _Transaction:
    """One mail: MAIL, RCPT for each recipient, DATA."""

    def __init__(self, client: SMTP, raw: bytes, limit: asyncio.Timeout) -> None:
        self._client = client
        self._limit = limit
        self._raw = _LINE_ENDS.sub(b"\r\n", raw)
        self._outcomes: dict[str, RecipientOutcome] = {}

    async def run(self, sender: str, recipients: Sequence[str]) -> Mapping[str, RecipientOutcome]:
        # The empty sender is that of automatic mail, which must not be answered (RFC 3834 §3.3).
        await self._mail(wire_address(sender, field="sender") if sender else "", recipients)
        accepted = [recipient for recipient in dict.fromkeys(recipients) if await self._rcpt(recipient)]
        if accepted:
            outcome = await self._data()
            if outcome.outcome is Outcome.UNKNOWN and len(accepted) == len(set(recipients)):
                raise OutcomeUnknown(outcome.text)
            self._outcomes |= dict.fromkeys(accepted, outcome)
        return self._outcomes

    async def _mail(self, sender: str, recipients: Iterable[str]) -> None:
        options = []
        if self._client.supports_extension("size"):
            _refuse_oversize(self._client.esmtp_extensions.get("size", ""), len(self._raw))
            options.append(f"SIZE={len(self._raw)}")
        if self._client.supports_extension("8bitmime") and not self._raw.isascii():
            options.append("BODY=8BITMIME")
        ascii_only = all(map(is_ascii_address, (sender, *recipients)))
        if not ascii_only and self._client.supports_extension("smtputf8"):
            options.append("SMTPUTF8")
        if self._client.supports_extension("dsn") and (envelope_id := _envelope_id(self._raw)):
            options.append(f"ENVID={envelope_id}")
        try:
            await self._client.mail(sender, options=options, encoding="utf-8")
        except SMTPResponseException as refusal:
            raise failure_of(refusal) from refusal

    async def _rcpt(self, recipient: str) -> bool:
        try:
            address = wire_address(recipient, field="recipient")
        except Invalid as error:
            self._outcomes[recipient] = RecipientOutcome(outcome=Outcome.PERMANENT, text=str(error))
            return False
        if not is_ascii_address(address) and not self._client.supports_extension("smtputf8"):
            text = "The mail server cannot send to an address with letters outside ASCII before the @."
            self._outcomes[recipient] = RecipientOutcome(outcome=Outcome.PERMANENT, text=text)
            return False
        try:
            await self._client.rcpt(address, encoding="utf-8")
        except SMTPResponseException as refusal:
            if refusal.code == _SERVICE_NOT_AVAILABLE:
                raise  # the server hangs up: nothing was sent to anybody
            self._outcomes[recipient] = outcome_of(refusal, temporary=refusal.code == FULL)
            return False
        return True

    async def _data(self) -> RecipientOutcome:
        answer = await self._client.execute_command(b"DATA", timeout=COMMAND_SECONDS)
        if answer.code != _START_INPUT:
            refusal = SMTPResponseException(answer.code, answer.message)
            if answer.code == _SERVICE_NOT_AVAILABLE:
                raise refusal
            return outcome_of(refusal)
        protocol = self._client.protocol
        if protocol is None:
            raise SMTPServerDisconnected("The connection was lost before the data.")
        self._limit.reschedule(None)  # from here on being out of time would mean that nobody knows
        try:
            protocol.write(_LEADING_DOT.sub(b"..", self._raw.removesuffix(b"\r\n")) + b"\r\n.\r\n")
            answer = await protocol.read_response(timeout=ANSWER_SECONDS)
        except (SMTPException, OSError, TimeoutError) as error:
            text = f"The mail was sent, but the connection was lost before the answer: {reason_of(error)}"
            return RecipientOutcome(outcome=Outcome.UNKNOWN, text=text)
        if 200 <= answer.code < 300:
            return RecipientOutcome(outcome=Outcome.SENT, text=one_line(answer.message), code=answer.code)
        return outcome_of(SMTPResponseException(answer.code, answer.message))


def _domain_of(address: str) -> str:
    """What we call ourselves in EHLO: the domain that we write as, never the name of this machine."""
    return wire_address(address, field="mailbox").rpartition("@")[2]


def _envelope_id(raw: bytes) -> str:
    """The Message-ID as RFC 3461 §4.4 hands it to a server, which names it in its reports; "" where it does
    not fit or would have to be encoded."""
    found = _MESSAGE_ID.search(raw)
    return found[1].decode() if found and len(found[1]) <= LONGEST_ENVELOPE_ID else ""


def _refuse_oversize(limit: str, size: int) -> None:
    # RFC 1870 §4: zero or no number means that no limit is told.
    if limit.isdecimal() and 0 < int(limit) < size:
        text = f"The mail has {size / 1e6:.1f} MB; the mail server takes at most {int(limit) / 1e6:.1f} MB."
        raise PermanentFailure(text, code=FULL)
