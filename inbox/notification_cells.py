"""How each kind of notification reaches an agent: what is usual, and what one of them has chosen. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from inbox.errors import Invalid
from inbox.models import NotificationChoices, NotificationKind
from inbox.quiet_hours import QuietHours, quiet_hours


class Sound(StrEnum):
    NONE = "none"
    SOFT = "soft"
    DISTINCT = "distinct"
    RING = "ring"  # until somebody takes it, half a minute at most


class Alert(StrEnum):
    """When a browser or a device shows something of its own."""

    NEVER = "never"
    HIDDEN = "hidden"  # unless Onethread is on the screen
    ALWAYS = "always"


MAIL_AFTER = (5, 15, 60)  # minutes unseen


@dataclass(frozen=True, slots=True)
class Cell:
    """How one kind is told. `mail_after`: minutes until what is unseen goes into a mail; None for never."""

    in_app: bool
    sound: Sound
    alert: Alert
    mail_after: int | None

    @property
    def is_silent(self) -> bool:
        """Whether nobody would notice."""
        return (
            not self.in_app
            and self.sound is Sound.NONE
            and self.alert is Alert.NEVER
            and self.mail_after is None
        )


USUAL: Mapping[NotificationKind, Cell] = MappingProxyType(
    {
        NotificationKind.MESSAGE: Cell(True, Sound.SOFT, Alert.HIDDEN, 15),
        NotificationKind.MENTION: Cell(True, Sound.DISTINCT, Alert.ALWAYS, 5),
        NotificationKind.HANDOFF: Cell(True, Sound.DISTINCT, Alert.ALWAYS, 5),
        NotificationKind.CHAT: Cell(True, Sound.RING, Alert.HIDDEN, None),
        NotificationKind.EMAIL: Cell(False, Sound.NONE, Alert.NEVER, None),
        NotificationKind.TARGET: Cell(True, Sound.SOFT, Alert.HIDDEN, None),
    }
)


@dataclass(frozen=True, slots=True)
class Choices:
    """What an agent has chosen. Without `has_sound` no kind makes any; in quiet hours, and while they are
    away, nothing but the lists tells."""

    cells: Mapping[NotificationKind, Cell] = field(default_factory=lambda: USUAL)
    has_sound: bool = True
    quiet: QuietHours | None = None
    is_away: bool = False

    def is_quiet(self, at: datetime) -> bool:
        """Whether the agent is not to be disturbed at this moment."""
        return self.is_away or (self.quiet is not None and self.quiet.includes(at))

    def cell(self, kind: NotificationKind | str) -> Cell:
        return self.cells[NotificationKind(kind)]


def chosen(row: NotificationChoices | None, *, is_away: bool = False) -> Choices:
    """What a row holds; the usual where there is none."""
    if row is None:
        return Choices(is_away=is_away)
    cells = {kind: _merged(usual, row.cells.get(kind, {})) for kind, usual in USUAL.items()}
    quiet = quiet_hours(row.quiet_from, row.quiet_until, row.time_zone)
    return Choices(cells, row.has_sound, quiet, is_away)


def stored(cell: Cell) -> dict[str, Any]:
    """A cell as a row holds it."""
    return {
        "in_app": cell.in_app,
        "sound": cell.sound.value,
        "alert": cell.alert.value,
        "mail_after": cell.mail_after,
    }


def written_cell(*, in_app: bool, sound: str, alert: str, mail_after: str) -> Cell:
    """A cell as a form says it ("" for no mail). Raises Invalid for what there is no choice of."""
    minutes = None if not mail_after else int(mail_after) if mail_after.isdecimal() else 0
    if sound not in set(Sound) or alert not in set(Alert) or minutes not in (None, *MAIL_AFTER):
        raise Invalid("Choose from what the lists offer.")
    return Cell(in_app, Sound(sound), Alert(alert), minutes)


def _merged(usual: Cell, kept: Mapping[str, Any]) -> Cell:
    return Cell(
        bool(kept.get("in_app", usual.in_app)),
        Sound(kept.get("sound", usual.sound)),
        Alert(kept.get("alert", usual.alert)),
        kept.get("mail_after", usual.mail_after),
    )
