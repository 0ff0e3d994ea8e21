"""Names of files that somebody sent, fit to be shown and downloaded; what is stored has a name of our own."""

import re
import unicodedata

MAX_LENGTH = 120

_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
_GAP = re.compile(r"\s{4,}")  # pushes the ending out of sight


def clean_filename(written: str) -> str:
    """A file name without path, unseen, reserved and forbidden characters; "" where nothing is left."""
    name = unicodedata.normalize("NFC", _UNSEEN.sub("", written))
    name = re.split(r"[/\\]", name)[-1] or name.strip("/\\")
    name = _GAP.sub(" ", _FORBIDDEN.sub("_", name)).strip().strip(". ")
    if _RESERVED.match(name):
        name = "_" + name
    if len(name) > MAX_LENGTH:
        stem, dot, extension = name.rpartition(".")
        keep = dot + extension if stem and len(extension) <= 10 else ""
        name = name[: MAX_LENGTH - len(keep)].rstrip(". ") + keep
    return name
