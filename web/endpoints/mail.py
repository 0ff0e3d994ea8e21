"""A door for mail that other servers hand on: one raw message for each request."""

import asyncio
import hmac
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inbox.accounts import unsealed
from inbox.envelopes import ChannelKind
from inbox.errors import Invalid, OnethreadError
from inbox.intake import RawInput
from inbox.loggers import get_logger
from inbox.models import Channel, IntakeState
from inbox.queries import public_channels
from web.bodies import BY_ENDPOINT, TooLarge
from web.errors import Unauthenticated
from web.installation import Installation, installation_of
from web.policy import Policy, route
from web.sessions import bearer_token

LARGEST = 1_000_000_000  # bytes: beyond that nobody sends mail, and the disk is ours
IN_MEMORY = 1_000_000

log = get_logger("onethread.mail")


@dataclass(frozen=True, slots=True)
class _Body:
    """A body that was read to its end; `is_blank`: nothing but white space stands in it."""

    file: BinaryIO
    is_blank: bool


async def create(request: Request) -> Response:
    """POST /mail/{key}: a raw RFC 5322 message under the channel's bearer token.

    202 means that it has been stored for good. It is filed at once; where that fails its state is
    "received", and it is filed later. What is larger than a message may be is stored whole and quarantined.
    """
    installation = installation_of(request)
    channel = await _channel(request, installation)
    async with _body(request, installation.blobs.temporary_folder()) as body:
        if body.is_blank:
            raise Invalid("The body must be a raw RFC 5322 message.")
        digest, size = await asyncio.to_thread(installation.blobs.put_stream, body.file)
    limit = installation.settings.max_message_bytes
    refused = f"It is larger than {limit} bytes." if size > limit else ""
    raw = RawInput(digest=digest, size=size, refused=refused)
    ids = await installation.intake.accept(channel.id, "http", [raw])
    if not ids:
        return JSONResponse({"state": IntakeState.QUARANTINED, "known": False}, 202)
    try:
        (filed,) = await installation.intake.file(ids)
    except Exception as error:
        # It is stored, so whoever sent it must not send it again; the sweep files it.
        log.warning("mail.filed_later", record=ids[0], exc_info=not isinstance(error, OnethreadError))
        return JSONResponse({"state": IntakeState.RECEIVED, "known": False}, 202)
    return JSONResponse({"state": filed.state, "known": filed.known}, 202)


async def _channel(request: Request, installation: Installation) -> Channel:
    """Whose door it is; raises NotFound, and Unauthenticated without the right token."""
    async with installation.database.reading() as session:
        channel = await public_channels.by_public_key(session, request.path_params["key"], ChannelKind.EMAIL)
    expected = unsealed(channel, installation.keys).get("inbound_token", "")
    if not expected or not hmac.compare_digest(bearer_token(request).encode(), expected.encode()):
        raise Unauthenticated("Send the channel's token: Authorization: Bearer inbound_…")
    return channel


@asynccontextmanager
async def _body(request: Request, folder: Path) -> AsyncIterator[_Body]:
    """The body in a file of *folder* that is gone afterwards; never more than a megabyte of it in memory."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > LARGEST:
        raise _too_large()
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=str(folder)) as file:
        size, is_blank = 0, True
        async for chunk in request.stream():
            size += len(chunk)
            if size > LARGEST:
                raise _too_large()
            is_blank = is_blank and not chunk.strip()
            if size > IN_MEMORY:
                await asyncio.to_thread(file.write, chunk)
            else:
                file.write(chunk)
        file.seek(0)
        yield _Body(cast(BinaryIO, file), is_blank)


def _too_large() -> TooLarge:
    return TooLarge("This is too large for a mail. The limit is %(most)s MB.", most=LARGEST // 1_000_000)


routes = [route("/mail/{key}", create, methods=["POST"], policy=Policy.CHANNEL, limit=BY_ENDPOINT)]
