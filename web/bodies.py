"""Bodies of requests from strangers: never more in memory than was agreed, files straight to the blobs."""

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.types import Message

from inbox.blobs import BlobStore
from inbox.envelopes import InboundAttachment
from inbox.errors import Invalid
from inbox.filenames import clean_filename

JSON_BYTES = 1_000_000
FORM_BYTES = 2_000_000
UPLOAD_BYTES = 25_000_000
MULTIPART_BYTES = FORM_BYTES + UPLOAD_BYTES
BY_ENDPOINT = 1 << 50  # for routes whose endpoint limits the body itself, and says so in its own words
MOST_FIELDS = 1_000
MOST_FILES = 10
_ANY_BYTES = "application/octet-stream"
# What a browser would run or render as a page is never called by its name: it is offered as bytes.
_UNSAFE_TYPES = ("text/html", "image/svg", "application/xhtml", "text/xml", "application/xml", "javascript")
# What no database keeps as text. JSON can say both (RFC 8259 §8.2), and so can a multipart body's charset.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


class TooLarge(Invalid):
    """The body is larger than what may be sent here."""


def limited(request: Request, limit: int) -> Request:
    """The same request, but that its body ends in TooLarge after *limit* bytes; at once where it says its
    length."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise _too_large(limit)
        return message

    return _Request(request.scope, receive)


class _Request(Request):
    """A request in whose forms all words are text that can be kept."""

    async def _get_form(self, **limits: Any) -> FormData:
        form = await super()._get_form(**limits)
        items = form.multi_items()
        if any(_NO_TEXT.search(part) for item in items for part in item if isinstance(part, str)):
            form = self._form = FormData([(storable(name), storable(value)) for name, value in items])
        return form


def storable(content: Any) -> Any:
    """What was sent, every character in it that is none replaced (U+FFFD): what is left can be kept.

    Raises RecursionError for what is nested too deeply for anybody to have meant it.
    """
    if isinstance(content, str):
        return _NO_TEXT.sub("\ufffd", content)
    if isinstance(content, dict):
        return {storable(name): storable(value) for name, value in content.items()}
    return [storable(value) for value in content] if isinstance(content, list) else content


def parsed_json(text: str | bytes) -> Any:
    """What a stranger's JSON says, as it can be kept; raises ValueError or RecursionError for none."""
    return storable(json.loads(text))


async def read_json(request: Request, limit: int = JSON_BYTES) -> dict[str, Any]:
    """The JSON object in the body; raises TooLarge, or Invalid for what is no object."""
    try:
        content = parsed_json(await limited(request, limit).body())
    except (ValueError, RecursionError) as error:
        raise Invalid("The body is no JSON.") from error
    if not isinstance(content, dict):
        raise Invalid("The body must be one JSON object.")
    return content


async def read_form(request: Request) -> FormData:
    """The fields and files of a urlencoded or multipart body; large files wait on disk. The caller closes
    it."""
    is_multipart = request.headers.get("content-type", "").startswith("multipart/")
    body = limited(request, MULTIPART_BYTES if is_multipart else FORM_BYTES)
    form = await body.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=FORM_BYTES)
    words = sum(len(value) for _, value in form.multi_items() if isinstance(value, str))
    if words > FORM_BYTES:
        await form.close()
        raise _too_large(FORM_BYTES)
    return form


def text_fields(form: FormData) -> Mapping[str, str]:
    """The fields of a form that are no files; several of one name are joined."""
    values: dict[str, str] = {}
    for name, value in form.multi_items():
        if isinstance(value, str) and value:
            values[name] = f"{values[name]}, {value}" if name in values else value
    return values


async def store_files(form: FormData, blobs: BlobStore) -> list[InboundAttachment]:
    """Move the files of a form to the blobs; an input that was left empty is no file."""
    uploads = [value for _, value in form.multi_items() if isinstance(value, UploadFile) and value.filename]
    return [await store_file(upload, blobs) for upload in uploads if upload.size]


async def store_file(upload: UploadFile, blobs: BlobStore) -> InboundAttachment:
    """Move one uploaded file to the blobs; its type is what its first bytes say."""
    filename = clean_filename(upload.filename or "") or "file"
    head = await upload.read(4096)
    await upload.seek(0)
    digest, size = await asyncio.to_thread(blobs.put_stream, upload.file)
    return InboundAttachment(
        filename=filename, content_type=sniffed_type(head, filename), size=size, digest=digest
    )


def sniffed_type(head: bytes, filename: str) -> str:
    """The media type that the first bytes show; never one that a browser would run."""
    import puremagic  # a list of some thousand kinds of files, for the first of them

    try:
        found = str(puremagic.from_string(head, mime=True, filename=filename)) if head else _ANY_BYTES
    except (puremagic.PureError, ValueError):
        found = "text/plain" if _is_text(head) and filename.lower().endswith((".txt", ".csv", ".log")) else ""
    if not found or any(unsafe in found for unsafe in _UNSAFE_TYPES):
        return _ANY_BYTES
    return found


def _is_text(head: bytes) -> bool:
    try:
        head[:-4].decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in head


def _too_large(limit: int) -> TooLarge:
    return TooLarge("This is too large. The limit is %(limit)s MB.", limit=f"{limit / 1_000_000:.2g}")
