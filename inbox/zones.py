"""Time zones by their names (IANA Time Zone Database)."""

from zoneinfo import ZoneInfo


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of this name; None where there is none here. Names come from browsers: they may be anything,
    also the name of a folder of zones."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
