"""Which files a screen can show before they are saved, and as what.

Both the type and the name are the sender's words, so they decide only what is tried: pixels that we encode
ourselves, text that is escaped, or a media element, which takes for sound what is sound.
"""

from enum import StrEnum

PICTURE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


class Look(StrEnum):
    """PAGES: a document whose first page is drawn."""

    PICTURE = "picture"
    PAGES = "pages"
    TEXT = "text"
    TABLE = "table"
    SOUND = "sound"
    FILM = "film"


_MEDIA = {  # and how browsers call what mail programs have several names for
    "audio/aac": "audio/aac",
    "audio/flac": "audio/flac",
    "audio/m4a": "audio/mp4",
    "audio/mp3": "audio/mpeg",
    "audio/mp4": "audio/mp4",
    "audio/mpeg": "audio/mpeg",
    "audio/ogg": "audio/ogg",
    "audio/opus": "audio/ogg",
    "audio/vnd.wave": "audio/wav",
    "audio/wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/webm": "audio/webm",
    "audio/x-flac": "audio/flac",
    "audio/x-m4a": "audio/mp4",
    "audio/x-wav": "audio/wav",
    "video/mp4": "video/mp4",
    "video/ogg": "video/ogg",
    "video/quicktime": "video/mp4",  # telephones write it, and it is the same box format (ISO/IEC 14496-12)
    "video/webm": "video/webm",
    "video/x-m4v": "video/mp4",
}
_PDF = "application/pdf"
_TABLES = frozenset({"text/csv", "application/csv", "text/tab-separated-values"})
_TEXTS = frozenset(
    {
        "application/ics",
        "application/json",
        "application/x-ndjson",
        "application/xml",
        "application/yaml",
        "message/delivery-status",
        "message/disposition-notification",
        "message/rfc822",
        "text/calendar",
        "text/markdown",
        "text/plain",
        "text/rfc822-headers",
        "text/vcard",
        "text/x-log",
        "text/x-vcard",
        "text/xml",
        "text/yaml",
    }
)
# What a file is that came as mere bytes, or as text of whatever kind.
_ENDINGS = {
    "csv": "text/csv",
    "eml": "message/rfc822",
    "flac": "audio/flac",
    "ics": "text/calendar",
    "json": "application/json",
    "log": "text/plain",
    "m4a": "audio/mp4",
    "md": "text/markdown",
    "mov": "video/mp4",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "pdf": _PDF,
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
    "vcf": "text/vcard",
    "wav": "audio/wav",
    "webm": "video/webm",
    "xml": "text/xml",
    "yaml": "text/yaml",
    "yml": "text/yaml",
}
_VAGUE = frozenset(
    {
        "application/download",
        "application/octet-stream",
        "application/vnd.ms-excel",  # what Windows says of a CSV file
        "application/x-download",
        "application/x-pdf",
        "binary/octet-stream",
        "text/plain",
    }
)


def media_type(content_type: str, filename: str) -> str | None:
    """The type under which a browser plays a file, or None for what is neither sound nor film."""
    return _MEDIA.get(_kind(content_type, filename))


def look_of(content_type: str, filename: str) -> Look | None:
    """As what a file can be shown, or None where it can only be saved."""
    kind = _kind(content_type, filename)
    if kind in _MEDIA:
        return Look.SOUND if _MEDIA[kind].startswith("audio/") else Look.FILM
    if kind in PICTURE_TYPES:
        return Look.PICTURE
    if kind == _PDF:
        return Look.PAGES
    if kind in _TABLES:
        return Look.TABLE
    return Look.TEXT if kind in _TEXTS else None


def _kind(content_type: str, filename: str) -> str:
    if content_type not in _VAGUE:
        return content_type
    ending = filename.rpartition(".")[2].lower() if "." in filename else ""
    return _ENDINGS.get(ending, content_type)
