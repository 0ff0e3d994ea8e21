"""The web-chat panel: its document in a frame, its files, and the HTTP fall-back of its socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from inbox.envelopes import ChannelKind
from inbox.errors import Invalid, NotFound
from inbox.models import Channel
from inbox.words import words_in
from web.bodies import BY_ENDPOINT, UPLOAD_BYTES, TooLarge, limited, read_json
from web.chat_facts import facts_of, told_to_script
from web.endpoints.attachments import disposition
from web.installation import installation_of
from web.live.visitor_exchange import Exchange, Frame
from web.live.visitor_partials import FILE_SECONDS, in_words
from web.live.visitors import live
from web.origins import frame_ancestors, may_use, share
from web.policy import Policy, route, socket
from web.problems import problem, too_often
from web.rates import counted_address
from web.sealed import Seals
from web.slim_scripts import panel_version
from web.staged_files import stage
from web.visit_messages import upload_seals
from web.visit_rates import REQUESTS_OF_ADDRESS, wait_before_upload
from web.visit_words import Catalogue, catalogue_for
from web.visiting import channel_of, client_host, document, flooding, visiting_of
from web.visits import Visit, admit

NOT_FROM_HERE = "This chat may not be used from this site. Its owner can add the site in its settings."


async def panel(request: Request) -> Response:
    """GET /widget/{key}/panel: the document in the widget's frame; only the channel's sites may show it."""
    channel = await channel_of(request, ChannelKind.WEBCHAT)
    own = request.headers.get("host", "")
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        f"connect-src 'self' ws://{own} wss://{own}; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {frame_ancestors(channel.settings)}"
    )
    facts = await _facts(request, channel)
    return document(
        "webchat/panel.html",
        policy=policy,
        language=facts["language"],
        headers={"Cross-Origin-Resource-Policy": "cross-origin"},
        facts=facts,
        told=told_to_script(facts),
        version=panel_version(),
    )


async def config(request: Request) -> Response:
    """GET /widget/{key}/config: what a page may know of the channel before anybody has written."""
    channel = await channel_of(request, ChannelKind.WEBCHAT)
    if not may_use(request, channel.settings, absent=True):
        return problem(403, NOT_FROM_HERE)
    facts = await _facts(request, channel)
    answer = JSONResponse(facts, headers={"Cache-Control": "private, max-age=60"})
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return share(answer, request, channel.settings)


async def messages(request: Request) -> Response:
    """GET /widget/{key}/messages?after=CURSOR: what a panel without a socket has missed, as frames."""
    exchange = await _exchange(request)
    if isinstance(exchange, Response):
        return exchange
    return _frames(request, exchange, await exchange.begin({"after": request.query_params.get("after")}))


async def write(request: Request) -> Response:
    """POST /widget/{key}/messages: a frame of the panel, `message` where it does not say; the same client_id
    twice is one message."""
    exchange = await _exchange(request)
    if isinstance(exchange, Response):
        return exchange
    try:
        frame = await read_json(request, 65_536)
    except TooLarge as error:
        return problem(413, str(error))
    except Invalid as error:
        return problem(400, str(error))
    if not _bearer(request) and frame.get("t") != "hello":
        # A repetition could not be known: the panel keeps this token first, and sends the same again with it.
        repeat = problem(401, "Send this again with the token.", token=exchange.visit.token)
        return share(repeat, request, exchange.visit.channel.settings)
    if frame.get("t") == "hello":
        return _frames(request, exchange, await exchange.begin(frame))
    await exchange.join()
    return _frames(request, exchange, await exchange.take({"t": "message"} | frame))


async def upload(request: Request) -> Response:
    """POST /widget/{key}/uploads: a file (multipart, field `file`); answers what names it in a message."""
    exchange, words = await _exchange(request), words_in(_words(request).language)
    if isinstance(exchange, Response):
        return exchange
    if not _bearer(request):
        return problem(401, "Send this with the visitor's token.")
    visit, size = exchange.visit, request.headers.get("content-length", "")
    if not size.isascii() or not size.isdigit():
        return problem(411, words.said("Say how large the file is."))
    if int(size) > UPLOAD_BYTES:
        return problem(413, words.say("Too big, the limit is %(size)s.", size=in_words(UPLOAD_BYTES)))
    if wait := wait_before_upload(visiting_of(request).rates, visit, client_host(request), int(size)):
        return too_often(wait, language=words.language)
    return share(await _stored(request, visit), request, visit.channel.settings)


async def file(request: Request) -> Response:
    """GET /widget/{key}/files/{sealed}: a file of a message; the address is good for a day."""
    installation = installation_of(request)
    facts = Seals(installation.keys, "visitor file").open(request.path_params["sealed"], seconds=FILE_SECONDS)
    if facts is None:
        raise NotFound("This link is too old. Open the chat again.")
    blob = installation.blobs.path(facts["digest"])
    if not await asyncio.to_thread(blob.exists):
        raise NotFound("There is no such file.")
    answer = StreamingResponse(_chunks(request, facts["digest"]), media_type="application/octet-stream")
    answer.headers["Content-Disposition"] = disposition(facts["filename"])
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


async def preflight(request: Request) -> Response:
    """OPTIONS: may a page of that origin speak to this channel?"""
    channel = await channel_of(request, ChannelKind.WEBCHAT)
    return share(Response(status_code=204), request, channel.settings)


async def _facts(request: Request, channel: Channel) -> dict[str, Any]:
    async with installation_of(request).database.reading() as session:
        return await facts_of(session, channel, _words(request))


def _words(request: Request) -> Catalogue:
    return catalogue_for(request.query_params.get("lang"), request.headers.get("accept-language", ""))


async def _exchange(request: Request) -> Exchange | Response:
    if wait := await flooding(request):
        return too_often(wait)
    channel = await channel_of(request, ChannelKind.WEBCHAT)
    if not may_use(request, channel.settings, absent=request.method == "GET"):
        return problem(403, NOT_FROM_HERE)
    visiting, host = visiting_of(request), client_host(request)
    if wait := visiting.rates.take(REQUESTS_OF_ADDRESS, f"{channel.id} {counted_address(host)}"):
        return share(too_often(wait), request, channel.settings)
    visit = await admit(installation_of(request), channel, _bearer(request))
    return Exchange(visit, rates=visiting.rates, signals=visiting.signals, host=host)


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _frames(request: Request, exchange: Exchange, frames: list[Frame]) -> Response:
    refused = next((frame for frame in frames if frame.get("t") == "refused"), None)
    status, headers = 200, {}
    if refused is not None:
        wait = refused.get("retry_after")
        status = 429 if wait else 422
        headers = {"Retry-After": str(wait)} if wait else {}
    answer = JSONResponse({"frames": frames}, status, headers)
    return share(answer, request, exchange.visit.channel.settings)


async def _stored(request: Request, visit: Visit) -> Response:
    words = words_in(_words(request).language)
    try:
        form = await limited(request, UPLOAD_BYTES).form(max_files=1, max_fields=4)
    except TooLarge:
        return problem(413, words.say("Too big, the limit is %(size)s.", size=in_words(UPLOAD_BYTES)))
    try:
        sent = form.get("file")
        if sent is None or isinstance(sent, str) or not sent.size:
            return problem(422, words.said("There is no file in this."))
        stored = await stage(sent, visit.installation.blobs)
    finally:
        await form.close()
    facts: Mapping[str, Any] = {
        "filename": stored.filename,
        "content_type": stored.content_type,
        "size": stored.size,
        "digest": stored.digest,
        "visitor": visit.visitor_id,
    }
    sealed = upload_seals(visit.installation).seal(**facts)
    return JSONResponse({"id": sealed, "filename": stored.filename, "size": in_words(stored.size)}, 201)


async def _chunks(request: Request, digest: str) -> AsyncIterator[bytes]:
    chunks = installation_of(request).blobs.chunks(digest)
    while chunk := await asyncio.to_thread(next, chunks, b""):
        yield chunk


_WRITE = ("/widget/{key}/messages", "/widget/{key}/uploads")

routes = [
    route("/widget/{key}/panel", panel, policy=Policy.VISITOR, name="webchat.panel"),
    route("/widget/{key}/config", config, policy=Policy.VISITOR, name="webchat.config"),
    route("/widget/{key}/messages", messages, policy=Policy.VISITOR, name="webchat.messages"),
    route("/widget/{key}/messages", write, methods=["POST"], policy=Policy.VISITOR, name="webchat.write"),
    route(
        "/widget/{key}/uploads",
        upload,
        methods=["POST"],
        policy=Policy.VISITOR,
        limit=BY_ENDPOINT,
        name="webchat.upload",
    ),
    *(
        route(path, preflight, methods=["OPTIONS"], policy=Policy.VISITOR, name="webchat.preflight")
        for path in _WRITE
    ),
    route("/widget/{key}/files/{sealed}", file, policy=Policy.VISITOR, name="webchat.file"),
    socket("/widget/{key}/live", live, policy=Policy.VISITOR),
]
