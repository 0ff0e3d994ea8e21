"""Files: always offered to be saved. What is shown before is pixels of our own (of pictures and of a PDF's
first page), escaped text in a document that may do nothing, or the browser's player for sound and film."""

import asyncio
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from inbox.actions import uploads
from inbox.actors import Actor
from inbox.errors import Invalid, NotFound
from inbox.models import Attachment, Message
from inbox.queries import named
from inbox.showable import Look, look_of, media_type
from web.bodies import store_file
from web.first_pages import PAGE_SIDE, FirstPage, FirstPages
from web.installation import Installation, installation_of
from web.pictures import LARGEST_SIDE, SHOWN_TYPES, SMALL_SIDE, Picture, encoded_anew
from web.sealed import Seals
from web.sheets import sheet
from web.templating import page
from web.text_looks import text_look

PICTURE_SECONDS = 3600
AT_ONCE = asyncio.Semaphore(2)  # a picture of 40 megapixels takes 160 MB while it is decoded
FIRST_PAGES = FirstPages()
# As icons.svg has it (file-text), in a grey that is seen on light and on dark.
SIGN = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -10 44 44" fill="none" stroke="#8a8478" '
    b'stroke-width="2" stroke-linecap="round" stroke-linejoin="round">'
    b'<path d="M15 2H6a2 2 0 0 0-2 2v16a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V7Z"/>'
    b'<path d="M14 2v4a2 2 0 0 0 2 2h4M10 9H8m8 4H8m8 4H8"/></svg>'
)

# What a browser may be told about a file that it saves; everything else is bytes.
NAMED_TYPES = SHOWN_TYPES | {
    "application/pdf",
    "application/zip",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "audio/mpeg",
    "message/rfc822",
    "text/calendar",
    "text/csv",
    "text/plain",
    "video/mp4",
}
ALONE = "default-src 'none'; frame-ancestors 'none'; sandbox"
ALONE_IN_A_FRAME = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


async def show(request: Request) -> Response:
    """GET /attachments/{id}: the file, to be saved, or a stretch of it for a player (RFC 9110 §14)"""
    file = await _attachment(request)
    path = installation_of(request).blobs.path(file.digest)
    try:
        found = await asyncio.to_thread(path.stat)
    except FileNotFoundError as error:
        raise NotFound("There is no such file.") from error
    kind = file.content_type if file.content_type in NAMED_TYPES else "application/octet-stream"
    return FileResponse(
        path,
        stat_result=found,
        media_type=media_type(file.content_type, file.filename) or kind,
        headers={
            "Content-Disposition": disposition(file.filename),
            "Content-Security-Policy": ALONE,
        },
    )


async def create(request: Request) -> Response:
    """POST /attachments (multipart, one file): answers the id under which a message names it"""
    installation = installation_of(request)
    async with request.form(max_files=1, max_fields=10) as form:
        files = [value for value in form.values() if isinstance(value, UploadFile)]
        if len(files) != 1:
            raise Invalid("Send one file.", field="file")
        stored = await store_file(files[0], installation.blobs)
    async with installation.database.transaction() as session:
        file = await uploads.keep(session, stored, by=request.state.agent)
    shown = {"id": file.public_id, "filename": file.filename, "size": file.size}
    return JSONResponse({**shown, "content_type": file.content_type}, 201)


async def picture(request: Request) -> Response:
    """GET /pictures/{sealed}: a picture of a message, encoded anew; the seal was made for who may see it"""
    installation = installation_of(request)
    facts = _seals(installation).open(request.path_params["sealed"], seconds=PICTURE_SECONDS)
    if facts is None:
        raise NotFound("This picture's address has expired. Load the page again.")
    async with AT_ONCE:
        content = await asyncio.to_thread(encoded_anew, installation.blobs.path(facts["digest"]))
    return picture_answer(content)


async def thumbnail(request: Request) -> Response:
    """GET /attachments/{id}/thumbnail: a small picture of a picture or of a PDF's first page; a file's sign
    where that cannot be drawn"""
    file = await _attachment(request)
    try:
        return await _encoded(request, file, SMALL_SIDE)
    except NotFound:
        if look_of(file.content_type, file.filename) != Look.PAGES:
            raise
        return picture_answer(Picture(SIGN, "image/svg+xml"))


async def large(request: Request) -> Response:
    """GET /attachments/{id}/picture: a picture, or a PDF's first page, as large as a screen"""
    return await _encoded(request, await _attachment(request), LARGEST_SIDE)


async def preview(request: Request) -> Response:
    """GET /attachments/{id}/preview: a look at a file before it is saved"""
    first_page, trouble = None, None
    file = await _attachment(request)
    look = look_of(file.content_type, file.filename)
    if look is None:
        raise NotFound("This file cannot be shown. Save it instead.")
    if look == Look.PAGES:
        try:
            first_page = await _first_page(request, file, PAGE_SIDE)
        except NotFound as refusal:
            trouble = refusal.phrase
    async with installation_of(request).database.reading() as session:
        message = await session.get(Message, file.message_id) if file.message_id else None
        back = f"/messages/{message.public_id}" if message else "/inbox/mine"
        return await sheet(
            request,
            session,
            "attachments/_preview.html",
            back=back,
            file=file,
            look=look,
            page=first_page,
            trouble=trouble,
        )


async def text(request: Request) -> Response:
    """GET /attachments/{id}/text: the first lines of a file, as a document that may do nothing"""
    file = await _attachment(request)
    look = look_of(file.content_type, file.filename)
    if look not in (Look.TEXT, Look.TABLE):
        raise NotFound("This file cannot be shown. Save it instead.")
    path, shown, trouble = installation_of(request).blobs.path(file.digest), None, None
    try:
        shown = await asyncio.to_thread(text_look, path, look)
    except NotFound as refusal:
        trouble = refusal.phrase
    headers = {"Content-Security-Policy": ALONE_IN_A_FRAME}
    return page(request, "attachments/text.html", headers=headers, file=file, shown=shown, trouble=trouble)


def picture_answer(picture: Picture) -> Response:
    """A picture that we encoded, to be shown and to be kept by the browser alone."""
    headers = {
        "Cache-Control": f"private, max-age={PICTURE_SECONDS}, immutable",
        "Content-Security-Policy": ALONE,
        "Content-Disposition": "inline",
    }
    return Response(picture.data, media_type=picture.content_type, headers=headers)


def picture_url(installation: Installation, file: Attachment) -> str | None:
    """Where a picture is shown for the next hour; None for files that are none. Ask whether the agent may see
    its message first."""
    if file.content_type not in SHOWN_TYPES:
        return None
    return f"/pictures/{_seals(installation).seal(digest=file.digest)}"


async def _attachment(request: Request) -> Attachment:
    """The file that the path names, for whoever may see it. Raises NotFound."""
    agent = request.state.agent
    async with installation_of(request).database.reading() as session:
        return await named.attachment(session, Actor.agent(agent), agent, request.path_params["id"])


async def _encoded(request: Request, file: Attachment, side: int) -> Response:
    look = look_of(file.content_type, file.filename)
    if look == Look.PAGES:
        drawn = await _first_page(request, file, min(side, PAGE_SIDE))
        return picture_answer(drawn.picture)
    if look != Look.PICTURE:
        raise NotFound("There is no picture of this file.")
    path = installation_of(request).blobs.path(file.digest)
    async with AT_ONCE:
        return picture_answer(await asyncio.to_thread(encoded_anew, path, side=side))


async def _first_page(request: Request, file: Attachment, side: int) -> FirstPage:
    path = installation_of(request).blobs.path(file.digest)
    return await FIRST_PAGES.of(path, file.digest, side=side)


def disposition(filename: str) -> str:
    """Content-Disposition for saving under a name of any letters (RFC 6266 §5)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _seals(installation: Installation) -> Seals:
    return Seals(installation.keys, "pictures of messages")
