"""The people outside, the addresses that are known to reach them, and those that are only said to."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation, WithPublicId


class Mark(StrEnum):
    """What sort of sender a customer is, where it is not simply a person."""

    SHARED = "shared"
    RELAY = "relay"
    NOTIFICATIONS = "notifications"


class Proof(StrEnum):
    """How we know that an identity reaches its customer. Typing makes none."""

    RECEIVED = "received"
    AUTHENTICATED = "authenticated"
    ANSWERED = "answered"
    CODE = "code"
    SIGNED = "signed"


class Customer(WithPublicId, WithCreation, Model):
    __tablename__ = "customers"

    name: Mapped[str] = mapped_column(String(300), default="")
    company: Mapped[str] = mapped_column(String(300), default="", index=True)
    marks: Mapped[list[str]] = mapped_column(default=list)
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)


class Identity(WithCreation, Model):
    """An address that is known to reach one customer. UNIQUE(kind, address) decides between two first
    messages.

    `origin_customer_id` is the customer it came to be with, once a merge has moved it.
    """

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("kind", "address"),)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    origin_customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(400))
    name: Mapped[str] = mapped_column(String(300), default="")
    proof: Mapped[str] = mapped_column(String(20))
    last_seen_at: Mapped[datetime | None]


class Tie(WithCreation, Model):
    """Two identities proven to be one person's: a signed identity or a mailed code joined them.

    What a visitor may see follows ties only, never an agent's merge. The visitor stands first.
    """

    __tablename__ = "ties"
    __table_args__ = (UniqueConstraint("identity_id", "other_identity_id"),)

    identity_id: Mapped[int] = mapped_column(ForeignKey("identities.id", ondelete="CASCADE"))
    other_identity_id: Mapped[int] = mapped_column(
        ForeignKey("identities.id", ondelete="CASCADE"), index=True
    )
    proof: Mapped[str] = mapped_column(String(20))


class ClaimState(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


class Claim(WithCreation, Model):
    """An address that a customer is said to have. Several may claim one address; a claim is no identity."""

    __tablename__ = "claims"
    __table_args__ = (UniqueConstraint("customer_id", "kind", "address"), Index(None, "kind", "address"))

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(400))
    name: Mapped[str] = mapped_column(String(300), default="")
    source: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20), default=ClaimState.OPEN)


class Block(WithPublicId, WithCreation, Model):
    """What a customer sends is kept as spam and wakes nobody; with `identity_id` only what comes from there.

    One that has ended stands for what once was.
    """

    __tablename__ = "blocks"
    __table_args__ = (Index(None, "customer_id", "ended_at"), Index(None, "ended_at", "id"))

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"))
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))


class SuppressedAddress(WithCreation, Model):
    """An address that is not to be mailed automatically: somebody there called a mail of ours spam."""

    __tablename__ = "suppressed_addresses"

    address: Mapped[str] = mapped_column(String(320), unique=True)
    reason: Mapped[str] = mapped_column(String(200))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))


class SuggestionKind(StrEnum):
    CLAIM = "claim"  # a typed address belongs to somebody: may be the same person
    HELD_ANSWER = "held_answer"  # a stranger answered a strand
    FORWARD = "forward"  # an agent may have passed on somebody's mail: whose is it?


class SuggestionState(StrEnum):
    OPEN = "open"
    SAME_PERSON = "same_person"
    COLLEAGUE = "colleague"
    SOMEONE_ELSE = "someone_else"
    FORWARDED = "forwarded"


class Suggestion(WithPublicId, WithCreation, Model):
    """A question that only an agent may answer: is *other_customer* the same person as *customer*?

    The card stands in the conversation of `customer_id`; for a held answer `strand_id` is the strand that was
    answered and `message_id` the message that went to the stranger's own conversation. For a forward both
    customers are the agent as a sender, and `address` is the one that the forwarded mail names, if it does.
    """

    __tablename__ = "suggestions"

    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default=SuggestionState.OPEN, index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    other_customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"), index=True)
    strand_id: Mapped[int | None] = mapped_column(ForeignKey("strands.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    address: Mapped[str] = mapped_column(String(400), default="")
    name: Mapped[str] = mapped_column(String(300), default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    decided_at: Mapped[datetime | None]


class Merge(WithPublicId, WithCreation, Model):
    """Two customers joined, and what was rewritten for it, so that it can be undone (newest first, without
    time limit)."""

    __tablename__ = "merges"

    kept_customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    merged_customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    kept_conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    merged_conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    actor_kind: Mapped[str] = mapped_column(String(20))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    on_proof: Mapped[bool] = mapped_column(default=False)
    journal: Mapped[dict[str, Any]] = mapped_column(default=dict)
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))


class CustomerTag(Model):
    """A tag that a customer bears; the tags are those of cases."""

    __tablename__ = "customer_tags"
    __table_args__ = (UniqueConstraint("customer_id", "tag_id"),)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"), index=True)


class Company(WithPublicId, WithCreation, Model):
    """A company that customers work for: those whose `company` is its name. It joins no threads."""

    __tablename__ = "companies"

    name: Mapped[str] = mapped_column(String(300), unique=True)


class CompanyDomain(Model):
    """Whoever writes from an address of this domain works for the company."""

    __tablename__ = "company_domains"

    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"), index=True)
    domain: Mapped[str] = mapped_column(String(255), unique=True)


class FieldKind(StrEnum):
    """What the value of a customer field is; a date is written as ISO 8601 does."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"


class CustomerField(WithPublicId, WithCreation, Model):
    """Something to know about every customer. `key` is its name among their attributes, for programs and
    forms; `name` is what people read."""

    __tablename__ = "customer_fields"

    key: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20), default=FieldKind.TEXT)
    choices: Mapped[list[str]] = mapped_column(default=list)
    position: Mapped[int] = mapped_column(default=0)
