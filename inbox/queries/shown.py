"""What stands in a timeline, as a screen shows it: whole, frozen, and the same for everybody who may see it.

Nothing here depends on the viewer or on the entry before: "You", unread and joined bubbles are the browser's.
"""

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inbox.phrases import Phrase
from inbox.showable import Look, look_of
from inbox.texts import Segment
from inbox.verification import may_hold_codes

HUES = 8


@dataclass(frozen=True, slots=True)
class Face:
    """Somebody's name, the letters of their avatar and its hue, 1 to 8. `agent_id` only for people inside."""

    name: str
    initials: str
    hue: int
    agent_id: str | None = None


def face_of(name: str, key: str, *, agent_id: str | None = None) -> Face:
    """A face whose hue follows *key*: a public id or an address, so that it is the same on every screen."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "") if words else "?"
    return Face(name, letters.upper(), zlib.crc32(key.encode()) % HUES + 1, agent_id)


@dataclass(frozen=True, slots=True)
class ShownAddress:
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class ShownFile:
    """An attachment; `url` answers the file, never inline HTML. `is_decoration`: a small picture inside the
    HTML version, such as a logo, that nobody misses in the text."""

    public_id: str
    filename: str
    content_type: str
    size: int
    is_decoration: bool

    @property
    def url(self) -> str:
        return f"/attachments/{self.public_id}"

    @property
    def look(self) -> Look | None:
        """As what it is shown before it is saved, if at all."""
        return look_of(self.content_type, self.filename)

    @property
    def has_thumbnail(self) -> bool:
        """Whether a small picture of it is tried."""
        return self.look in (Look.PICTURE, Look.PAGES)


@dataclass(frozen=True, slots=True)
class ShownRecipient:
    """What became of a message for one recipient; `repeated`: it may have arrived twice."""

    address: str
    state: str
    error: str | None
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMessage:
    """A message. `author_key` is equal for messages by the same author of one conversation.

    `words` are the new ones, `quoted` the rest, both in stretches whose links are safe. What an agent wrote
    in Markdown is also `formatted`, as sanitised HTML. `is_side`: it is between us and a supplier. `due_at`
    says when a queued message leaves that nobody has tried to send yet, or that waits because its mailbox
    sends no more than `sending_rate` says. `matched_rule` and `matched_value` say which header, token or
    identity brought it here, `matched_through` which relay; `forwarded_by` is the agent who passed it on,
    `came_through` names the mailboxes where there were several.
    """

    public_id: str
    is_inbound: bool
    author: Face
    author_kind: str
    author_key: str
    author_address: str
    channel_kind: str
    channel_name: str
    strand_id: str
    strand_label: str
    is_side: bool
    subject: str
    to: tuple[ShownAddress, ...]
    cc: tuple[ShownAddress, ...]
    words: tuple[Segment, ...]
    quoted: tuple[Segment, ...]
    formatted: str
    has_html: bool
    has_remote_pictures: bool
    fields: tuple[tuple[str, str], ...]
    files: tuple[ShownFile, ...]
    page_url: str | None
    delivery: str | None
    delivery_error: str | None
    delivery_at: datetime | None
    due_at: datetime | None
    sending_rate: Phrase | None
    recipients: tuple[ShownRecipient, ...]
    is_unverified: bool
    is_claimed: bool
    is_spam: bool
    is_history: bool
    has_reused_id: bool
    automatic: str | None
    matched_rule: str
    matched_value: str
    matched_through: str = ""
    forwarded_by: str = ""
    came_through: tuple[str, ...] = ()

    @property
    def may_hold_codes(self) -> bool:
        """Whether it comes from a service that mails codes for signing in."""
        return self.is_inbound and may_hold_codes(self.author_address)


@dataclass(frozen=True, slots=True)
class NoteStretch:
    """A stretch of a note: plain, a link, or the name of somebody mentioned."""

    text: str
    url: str | None = None
    is_mention: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNote:
    public_id: str
    author: Face
    words: tuple[NoteStretch, ...]
    mentioned: tuple[str, ...]
    edited_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownHandoff:
    """A case passed on. To an agent (`to_agent`) or a team (`to_team`, its name)."""

    public_id: str
    by: Face
    to_agent: Face | None
    to_team: str | None
    reason: str
    state: str
    answer: str
    answered_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSuggestion:
    """A question that only an agent may answer. `other_conversation_id` is the other customer's thread;
    what a stranger wrote stands only there. `is_side`: a mail to a supplier was answered."""

    public_id: str
    kind: str
    state: str
    name: str
    address: str
    strand_label: str
    is_side: bool
    other: Face
    other_customer_id: str
    other_conversation_id: str | None
    decided_by: Face | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    """A fact without words of its own. `by` is empty where a customer or the system caused it."""

    event_kind: str
    actor_kind: str
    by: Face | None
    data: dict[str, Any]


Shown = ShownMessage | ShownNote | ShownHandoff | ShownSuggestion | ShownChange
_KINDS: dict[type, tuple[str, str]] = {  # and the letter that its element's id begins with
    ShownMessage: ("message", "m"),
    ShownNote: ("note", "n"),
    ShownHandoff: ("handoff", "h"),
    ShownSuggestion: ("suggestion", "s"),
    ShownChange: ("change", "e"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One place in a conversation and what stands there.

    `guarded_case_id` is set for an entry of a private case: whoever shows it asks whether the case may be
    seen.
    """

    position: int
    at: datetime
    conversation_id: str
    case_number: int | None
    guarded_case_id: int | None
    shown: Shown

    @property
    def kind(self) -> str:
        """message, note, handoff, suggestion or change."""
        return _KINDS[type(self.shown)][0]

    @property
    def element_id(self) -> str:
        """The id of its element on the page."""
        if isinstance(self.shown, ShownChange):
            return f"e-{self.position}"
        return f"{_KINDS[type(self.shown)][1]}-{self.shown.public_id}"
