"""Pages of long lists: by the place of the last row (keyset), never by counting rows."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from inbox.errors import Invalid

T = TypeVar("T")

LARGEST = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows in order; `next` is the opaque cursor of what follows, None at the end."""

    items: Sequence[T]
    next: str | None


def limited(limit: int | None, *, otherwise: int = 50) -> int:
    """A page size from 1 to 100; raises Invalid for less than 1."""
    if limit is None:
        return otherwise
    if limit < 1:
        raise Invalid("limit must be at least 1.", field="limit")
    return min(limit, LARGEST)


def encoded(*place: int | str | datetime | None) -> str:
    """A cursor: opaque to its readers, and no secret."""
    parts = [part.isoformat() if isinstance(part, datetime) else part for part in place]
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def decoded(cursor: str, length: int) -> list[int | str | None]:
    """The place that a cursor stands for, *length* parts; raises Invalid for what is none of ours."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(parts, list) or len(parts) != length:
            raise ValueError
        if any(not isinstance(part, int | str | None) or isinstance(part, bool) for part in parts):
            raise ValueError
    except ValueError as error:
        raise Invalid("This cursor is not one of ours. Begin again without it.", field="cursor") from error
    return parts


def number_of(cursor: str) -> int:
    """The single number of a cursor; raises Invalid."""
    (part,) = decoded(cursor, 1)
    if not isinstance(part, int) or not -(2**63) <= part < 2**63:
        raise Invalid("This cursor is not one of ours. Begin again without it.", field="cursor")
    return part


def moment_of(part: int | str | None) -> datetime | None:
    """A moment out of a cursor; raises Invalid."""
    if part is None:
        return None
    try:
        moment = datetime.fromisoformat(str(part))
        if moment.tzinfo is None:
            raise ValueError
    except ValueError as error:
        raise Invalid("This cursor is not one of ours. Begin again without it.", field="cursor") from error
    return moment
