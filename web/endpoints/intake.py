"""Raw inputs that became no message, why, and what can be done: quarantined, automatic, unmatched reports."""

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from channels.email.glances import HEAD_BYTES, Glance, glance
from inbox.blobs import BlobStore
from inbox.envelopes import ChannelKind
from inbox.errors import NotFound
from inbox.models import Channel, IgnoredAs, IntakeRecord, IntakeState
from inbox.queries import channels, intake as records
from web.installation import installation_of
from web.settings_pages import actor_of, settings_page

HOME = "/settings/intake"
TABS: dict[str, tuple[IntakeState, tuple[IgnoredAs, ...]]] = {
    "quarantined": (IntakeState.QUARANTINED, ()),
    "automatic": (IntakeState.IGNORED, (IgnoredAs.AUTOMATIC, IgnoredAs.NONE)),
    "reports": (IntakeState.IGNORED, (IgnoredAs.UNMATCHED_REPORT,)),
}
PAGE = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """A raw input as the page lists it."""

    record: IntakeRecord
    channel: Channel
    glance: Glance


async def index(request: Request) -> Response:
    """GET /settings/intake?tab=&before="""
    tab = request.query_params.get("tab", "quarantined")
    if tab not in TABS:
        raise NotFound("There is no such page.")
    installation, actor = installation_of(request), actor_of(request)
    async with installation.database.reading() as session:
        before = request.query_params.get("before")
        before_id = (await records.by_id(session, actor, before)).id if before else None
        state, kinds = TABS[tab]
        found = await records.listed(
            session, actor, state=state, kinds=kinds, before_id=before_id, limit=PAGE + 1
        )
        ways = {channel.id: channel for channel in await channels.everything(session)}
        tried = request.query_params.get("tried")
        outcome = await records.outcome(session, actor, tried) if tried else None
    shown = [await _shown(installation.blobs, record, ways[record.channel_id]) for record in found[:PAGE]]
    return await settings_page(
        request,
        "intake/index.html",
        section="intake",
        tab=tab,
        shown=shown,
        outcome=outcome,
        older=found[PAGE - 1].public_id if len(found) > PAGE else None,
    )


async def raw(request: Request) -> Response:
    """GET /settings/intake/{id}/raw: the bytes as they came, to be kept as a file and never shown as a
    page."""
    installation = installation_of(request)
    async with installation.database.reading() as session:
        record = await records.by_id(session, actor_of(request), request.path_params["id"])
        channel = await channels.by_internal_id(session, record.channel_id)
    if not await asyncio.to_thread(installation.blobs.path(record.digest).exists):
        raise NotFound("There is no such file.")
    ending = "eml" if channel.kind == ChannelKind.EMAIL else "json"
    headers = {
        "Content-Disposition": f'attachment; filename="{record.public_id}.{ending}"',
        "Content-Length": str(record.size),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    chunks = installation.blobs.chunks(record.digest)
    return StreamingResponse(chunks, headers=headers, media_type="application/octet-stream")


async def retry(request: Request) -> Response:
    """POST /settings/intake/{id}/retry: parse and file it again."""
    return await _again(request, force=False)


async def file(request: Request) -> Response:
    """POST /settings/intake/{id}/file: somebody has read it and it is for a thread, automatic or not."""
    return await _again(request, force=True)


async def _again(request: Request, *, force: bool) -> Response:
    installation = installation_of(request)
    async with installation.database.reading() as session:
        record = await records.by_id(session, actor_of(request), request.path_params["id"])
    tab = _tab_of(record)
    await installation.intake.retry(record.id, by=actor_of(request), force=force)
    return RedirectResponse(f"{HOME}?tab={tab}&tried={record.public_id}", 303)


def _tab_of(record: IntakeRecord) -> str:
    for name, (state, kinds) in TABS.items():
        if record.state == state and (not kinds or record.ignored_as in kinds):
            return name
    return "quarantined"


async def _shown(blobs: BlobStore, record: IntakeRecord, channel: Channel) -> Shown:
    if channel.kind != ChannelKind.EMAIL:
        return Shown(record, channel, Glance())
    return Shown(record, channel, await asyncio.to_thread(_glance, blobs, record))


def _glance(blobs: BlobStore, record: IntakeRecord) -> Glance:
    path = blobs.path(record.digest)
    if not path.exists():
        return Glance()
    with path.open("rb") as raw_file:
        return glance(raw_file.read(HEAD_BYTES))
