"""Files as a stored submission or chat message names them: facts beside a digest, never bytes."""

from collections.abc import Mapping
from typing import Any

from inbox.envelopes import InboundAttachment


def described(file: InboundAttachment) -> dict[str, Any]:
    """What is stored of a file."""
    return {
        "filename": file.filename,
        "content_type": file.content_type,
        "size": file.size,
        "digest": file.digest,
    }


def attachment(described: Mapping[str, Any]) -> InboundAttachment:
    """The file of such a description. Raises KeyError, TypeError or ValueError for what is none."""
    return InboundAttachment(
        filename=str(described["filename"]),
        content_type=str(described["content_type"]),
        size=int(described["size"]),
        digest=str(described["digest"]),
    )
