"""A door for mail that other servers hand on: one raw message for each request."""

import hmac

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inbox.accounts import unsealed
from inbox.envelopes import ChannelKind
from inbox.errors import Invalid
from inbox.intake import RawInput
from inbox.queries import public_channels
from web.errors import Unauthenticated
from web.installation import installation_of
from web.policy import Policy, route
from web.sessions import bearer_token

LARGEST = 52_428_800  # bytes; a larger one is refused, not stored


async def create(request: Request) -> Response:
    """POST /mail/{key}: a raw RFC 5322 message under the channel's bearer token.

    202 means that it has been stored for good; it is filed at once, or later where that fails.
    """
    installation = installation_of(request)
    async with installation.database.reading() as session:
        channel = await public_channels.by_public_key(session, request.path_params["key"], ChannelKind.EMAIL)
    expected = unsealed(channel, installation.keys).get("inbound_token", "")
    if not expected or not hmac.compare_digest(bearer_token(request).encode(), expected.encode()):
        raise Unauthenticated("Send the channel's token: Authorization: Bearer inbound_…")
    content = await request.body()
    if not content.strip():
        raise Invalid("The body must be a raw RFC 5322 message.")
    ids = await installation.intake.accept(channel.id, "http", [RawInput(content=content)])
    (filed,) = await installation.intake.file(ids)
    return JSONResponse({"state": filed.state, "known": filed.known}, 202)


routes = [route("/mail/{key}", create, methods=["POST"], policy=Policy.CHANNEL, limit=LARGEST)]
