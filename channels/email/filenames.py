"""Names for attached files that came without one."""

import mimetypes

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


def default_filename(content_type: str) -> str:
    """The name of a file that came without one."""
    stem = {"image": "image", "audio": "audio", "video": "video", "message": "message"}
    extension = _EXTENSIONS.get(content_type) or mimetypes.guess_extension(content_type) or ".bin"
    if content_type == "text/calendar":
        return "invitation.ics"
    return stem.get(content_type.partition("/")[0], "attachment") + extension
