"""The shapes that cross between the core and the channels: frozen, without behaviour, without a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from inbox.addresses import LONGEST_NAME


class ChannelKind(StrEnum):
    EMAIL = "email"
    WEBCHAT = "webchat"
    FORM = "form"


class SpokenKind(StrEnum):
    """What was said elsewhere and is only logged here: kinds of channels that nothing comes in by, nor
    leaves."""

    PHONE = "phone"
    MEETING = "meeting"


SPOKEN = frozenset(str(kind) for kind in SpokenKind)


class AddressKind(StrEnum):
    """What an identity or a claim is an address of."""

    EMAIL = "email"
    VISITOR = "visitor"  # "channel public key:visitor id"
    USER = "user"  # "channel public key:external user id"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFacts:
    """What an adapter may know of a configured channel; `own_addresses` are those of all our mailboxes,
    `agent_addresses` those of the people inside."""

    id: int
    kind: ChannelKind
    name: str
    public_key: str
    address: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    own_addresses: frozenset[str] = frozenset()
    agent_addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody can be reached. `value` is normalised: an email address is lower-case, its domain
    IDNA. Of a `name` that is longer than any person's the beginning is enough."""

    value: str
    name: str = ""
    kind: AddressKind = AddressKind.EMAIL

    def __post_init__(self) -> None:
        if len(self.name) > LONGEST_NAME:
            object.__setattr__(self, "name", self.name[:LONGEST_NAME].rstrip())


class Verdict(StrEnum):
    """What the configured server said of a mail (RFC 8601); NONE where it said nothing."""

    PASS = "pass"
    FAIL = "fail"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """The topmost Authentication-Results of the configured authserv-id. `dmarc` decides; the rest
    explains."""

    dmarc: Verdict = Verdict.NONE
    spf: Verdict = Verdict.NONE
    dkim: Verdict = Verdict.NONE
    authserv_id: str | None = None


class Automatic(StrEnum):
    """Mail that no person wrote to us; it opens and reopens nothing."""

    AUTO_REPLY = "auto-reply"
    LIST = "list"
    BOUNCE = "bounce"


class BounceAction(StrEnum):
    """RFC 3464 §2.3.3; a complaint is RFC 5965's: the recipient called it spam; *read* is RFC 8098's."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    COMPLAINED = "complained"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncedRecipient:
    """One recipient of a delivery status notification; `status` is an RFC 3463 code such as "5.1.1" or ""."""

    address: str
    action: BounceAction
    status: str = ""
    diagnostic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A delivery status notification: which of our Message-IDs it is about, and what became of each
    recipient."""

    message_ids: tuple[str, ...]
    recipients: tuple[BouncedRecipient, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundAttachment:
    """A file that came with a message; its bytes stand in the blob store under `digest` (SHA-256, hex)."""

    filename: str
    content_type: str
    size: int
    digest: str
    content_id: str | None = None
    inline: bool = False


class SpanKind(StrEnum):
    QUOTE = "quote"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters start ≤ i < end of a message's text that are not new words."""

    start: int
    end: int
    kind: SpanKind


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """What a channel's parser makes of one raw input.

    `content_hash` is the SHA-256 (hex) of the content without transport headers; with `external_id` (a
    Message-ID without angle brackets, or a client's id) it is the de-duplication key. `references` are
    Message-IDs, nearest first. `tokens` are strings found where our strand tokens stand (plus-addresses, our
    Message-IDs), not yet verified. `forbids_answers`: no machine may answer it. `spans` say which ranges of
    `text` are quoted or signature; the rest is what the sender wrote. `fields` are a form's labelled answers,
    in order; `company` and `attributes` are those that describe a new customer. `network` is where it was
    sent from: a part of an IP address that names no person.
    """

    channel: ChannelKind
    sender: Address
    content_hash: str
    external_id: str | None = None
    reply_to: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    mailbox: str | None = None
    subject: str = ""
    text: str = ""
    html: str | None = None
    spans: tuple[Span, ...] = ()
    references: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    authentication: Authentication = field(default_factory=Authentication)
    automatic: Automatic | None = None
    forbids_answers: bool = False
    bounce: Bounce | None = None
    spam: bool = False
    sent_at: datetime | None = None
    attachments: tuple[InboundAttachment, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    claims: tuple[Address, ...] = ()
    page_url: str | None = None
    network: str = ""
    company: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    forward: "Forward | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Somebody else's mail that one of our agents passes on, read out of theirs.

    `original` is that mail as it would have come by itself, unauthenticated: anybody can write what is passed
    on. Its sender's address is "" where none could be told. `words` are what the agent wrote above it.
    `is_sure`: there is no doubt that it is a forwarded mail, and who wrote it.
    """

    original: InboundMessage
    words: str = ""
    is_sure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundAttachment:
    """A file to send; its bytes are read from the blob store by `digest`."""

    filename: str
    content_type: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """What a sender delivers. `external_id` was minted when the reply was queued and never changes.

    `references` are in RFC 5322 §3.6.4 order: oldest first, the parent last. `token` is the strand's signed
    token. `signature` stands below the text, `forwarded` below both: the headers and words of a message that
    is passed on. `automatic`: nobody wrote it, and no machine may answer it (RFC 3834).
    """

    message_id: str  # public id
    external_id: str
    channel: ChannelKind
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    subject: str = ""
    text: str = ""
    html: str | None = None
    signature: str = ""
    forwarded: str = ""
    quoted_text: str | None = None
    quoted_author: str | None = None
    quoted_at: datetime | None = None
    references: tuple[str, ...] = ()
    token: str = ""
    written_at: datetime
    attachments: tuple[OutboundAttachment, ...] = ()
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How a mailbox is reached: URLs without passwords (imaps://user@host:993, smtp://user@host:587), and its
    secrets. `sign_in` names the provider where access tokens take the place of the password."""

    channel_id: int
    name: str
    address: str
    imap_url: str | None
    smtp_url: str | None
    password: str | None
    authserv_id: str | None = None
    sign_in: str | None = None


class Outcome(StrEnum):
    SENT = "sent"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientOutcome:
    """What became of one recipient in one attempt; `text` is the server's answer, in its words."""

    outcome: Outcome
    text: str = ""
    code: int | None = None


class Sender(Protocol):
    """A channel's way out. One instance serves many messages, one after another."""

    def compose(self, message: OutboundMessage) -> bytes:
        """The bytes to send; made once, stored, and the same on every attempt."""
        ...

    async def deliver(
        self, account: Account, raw: bytes, *, sender: str, recipients: Sequence[str]
    ) -> Mapping[str, RecipientOutcome]:
        """Hand *raw* over; answers an outcome for each recipient.

        Raises TemporaryFailure, PermanentFailure or OutcomeUnknown where one answer holds for all of them.
        """
        ...
