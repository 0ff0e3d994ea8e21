"""Cursors of agents' pages and sockets: how far somebody has been told. Opaque to whoever holds one."""

from inbox.errors import Invalid

_PREFIX = "p"
_LARGEST = 2**62  # beyond that no database counts


def cursor_of(position: int) -> str:
    """The cursor of whoever has been told everything up to a position of the event log."""
    return f"{_PREFIX}{position:x}"


def position_of(cursor: str) -> int:
    """The position that a cursor stands for. Raises Invalid for what is no cursor of ours."""
    digits = cursor.removeprefix(_PREFIX)
    if digits == cursor or len(digits) > len(f"{_LARGEST:x}") or not digits.isalnum():
        raise Invalid("This is no cursor.", field="cursor")
    try:
        position = int(digits, 16)
    except ValueError as error:
        raise Invalid("This is no cursor.", field="cursor") from error
    if position > _LARGEST:
        raise Invalid("This is no cursor.", field="cursor")
    return position
