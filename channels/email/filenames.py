"""Names of attached files, fit to be shown and downloaded; what is stored has a name of our own."""

import mimetypes
import re
import unicodedata

MAX_LENGTH = 120

_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
_EXTENSIONS = {
    "application/ics": ".ics",
    "application/ms-tnef": ".dat",
    "application/octet-stream": ".bin",
    "application/pgp-encrypted": ".asc",
    "application/pkcs7-mime": ".p7m",
    "application/x-pkcs7-mime": ".p7m",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/pjpeg": ".jpg",
    "image/webp": ".webp",
    "message/delivery-status": ".txt",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/rfc822-headers": ".txt",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
}


def clean_filename(written: str) -> str:
    """A file name without path, unseen, reserved and forbidden characters; "" where nothing is left."""
    name = unicodedata.normalize("NFC", _UNSEEN.sub("", written))
    name = re.split(r"[/\\]", name)[-1] or name.strip("/\\")
    name = _FORBIDDEN.sub("_", name).strip().rstrip(". ").lstrip(".")
    if _RESERVED.match(name):
        name = "_" + name
    if len(name) > MAX_LENGTH:
        stem, dot, extension = name.rpartition(".")
        keep = dot + extension if stem and len(extension) <= 10 else ""
        name = name[: MAX_LENGTH - len(keep)].rstrip(". ") + keep
    return name


def default_filename(content_type: str) -> str:
    """The name of a file that came without one."""
    stem = {"image": "image", "audio": "audio", "video": "video", "message": "message"}
    extension = _EXTENSIONS.get(content_type) or mimetypes.guess_extension(content_type) or ".bin"
    if content_type == "text/calendar":
        return "invitation.ics"
    return stem.get(content_type.partition("/")[0], "attachment") + extension
