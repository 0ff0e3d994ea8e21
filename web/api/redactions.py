"""Removing words of a message for good."""

import asyncio
from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import redactions
from inbox.actions.redaction_leavings import REMOVED
from inbox.actions.redactions import Wish
from inbox.policies import Action, authorize
from inbox.queries import messages
from web.api.answers import Body, Session, acting, actor_of, once, read
from web.api.messages import loaded
from web.installation import installation_of
from web.visiting import client_host


class Redaction(Body):
    """`words` to remove wherever they stand in the conversation, or the `whole` message; `attachments` are
    ids of its files. The `reason` stands in the audit."""

    words: list[str] = Field(default_factory=list, max_length=200)
    whole: bool = False
    attachments: list[str] = Field(default_factory=list, max_length=100)
    reason: str = Field(max_length=500)


async def create(request: Request) -> Response:
    """POST /api/v1/messages/{id}/redact {words | whole, attachments, reason}: cannot be undone."""
    body, actor = await read(request, Redaction), actor_of(request)
    authorize(actor, Action.CHANGE)
    wish = Wish(phrases=body.words, is_whole=body.whole, files=body.attachments)
    await asyncio.to_thread(installation_of(request).blobs.put, REMOVED)

    async def change(session: Session) -> tuple[int, Any]:
        message = await messages.by_public_id(session, actor, request.path_params["id"])
        origin, agent = client_host(request) or "", acting(request)
        await redactions.redact(session, message, wish, by=agent, reason=body.reason, origin=origin)
        return 200, await loaded(session, request, message)

    return await once(request, change)
