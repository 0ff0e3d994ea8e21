"""A formatted mail as a document of its own: sanitised as the last step, sandboxed, without anything from
elsewhere but pictures that its reader asked for, and those by way of us (SECURITY R9, R10, R11)."""

import asyncio
from io import BytesIO

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import pictures
from inbox.errors import Invalid, NotFound
from inbox.models import Attachment, Conversation, PicturesOf
from inbox.queries import messages, pictures as pictures_of
from inbox.texts import count_remote_images, sanitise
from web.acting import actor_of, text_of
from web.answers import is_scripted
from web.endpoints.attachments import PICTURE_SECONDS as SEALED_SECONDS, picture_answer, picture_url
from web.fetching import Fetcher, Limits
from web.installation import Installation, installation_of
from web.pictures import encoded_anew
from web.sealed import Seals
from web.templating import page

POLICY = "; ".join(
    (
        "default-src 'none'",
        "img-src {pictures}",
        "style-src 'unsafe-inline'",
        "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox",
        "frame-ancestors 'self'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)


LONGEST_URL = 2_800  # a sealed one is longer by a third
MOST_PICTURES = 100
PICTURE_BYTES = 5_000_000
PICTURE_SECONDS = 10.0
AT_ONCE = asyncio.Semaphore(8)
FETCHER = Fetcher(Limits(PICTURE_BYTES, PICTURE_SECONDS), accept="image/webp,image/png,image/jpeg,image/gif")


async def show(request: Request) -> Response:
    """GET /messages/{id}/document"""
    installation = installation_of(request)
    async with installation.database.reading() as session:
        message = await messages.by_public_id(session, actor_of(request), request.path_params["id"])
        is_wanted = await pictures_of.wanted(session, request.state.agent, message) is not None
    html = message.html or ""
    remote = Remote(installation)
    ours = f"{str(request.base_url).rstrip('/')}/pictures/"
    return page(
        request,
        "conversations/document.html",
        headers={"Content-Security-Policy": POLICY.format(pictures=ours)},
        body=sanitise(
            html,
            image_urls=_pictures(installation, message.attachments),
            allow_remote=is_wanted,
            proxy=remote.url_for,
        ),
        text=message.text,
        blocked=0 if is_wanted else count_remote_images(html),
    )


async def want_pictures(request: Request) -> Response:
    """POST /messages/{id}/pictures {of: message, sender or nothing}: load pictures from elsewhere"""
    agent, of = request.state.agent, text_of(await request.form(), "of")
    if of not in ("", *PicturesOf):
        raise Invalid("Pictures are asked for of a message or of a sender.", field="of")
    async with installation_of(request).database.transaction() as session:
        message = await messages.by_public_id(session, actor_of(request), request.path_params["id"])
        if of:
            await pictures.want_pictures(session, message, by=agent, of=PicturesOf(of))
        else:
            await pictures.want_no_pictures(session, message, by=agent)
        conversation = await session.get_one(Conversation, message.conversation_id)
    if not is_scripted(request):
        return RedirectResponse(f"/conversations/{conversation.public_id}", 303)
    shown = {
        "public_id": message.public_id,
        "has_remote_pictures": True,
        "author_address": message.author_address,
    }
    return page(request, "timeline/_original.html", shown=shown, is_open=True, wanted=of)


async def remote_picture(request: Request) -> Response:
    """GET /pictures/elsewhere/{sealed}: a picture that lies elsewhere, fetched by us and encoded anew"""
    facts = Remote(installation_of(request)).open(request.path_params["sealed"])
    async with AT_ONCE:
        content = await _fetcher(request).fetch(facts)
        shown = await asyncio.to_thread(encoded_anew, BytesIO(content))
    return picture_answer(shown)


class Remote:
    """Gives pictures that lie elsewhere addresses of ours, which only we can make."""

    def __init__(self, installation: Installation) -> None:
        self._seals = Seals(installation.keys, "pictures from elsewhere")
        self._given = 0

    def url_for(self, url: str) -> str:
        """Our address of a picture; of too many, one that leads nowhere."""
        self._given += 1
        if self._given > MOST_PICTURES or len(url) > LONGEST_URL:
            return "/pictures/none"
        return f"/pictures/elsewhere/{self._seals.seal(url=url)}"

    def open(self, sealed: object) -> str:
        """Where the picture lies. Raises NotFound for what we did not seal, or not lately."""
        facts = self._seals.open(sealed, seconds=SEALED_SECONDS)
        if facts is None:
            raise NotFound("This picture's address has expired. Load the page again.")
        return str(facts["url"])


def _fetcher(request: Request) -> Fetcher:
    """What fetches; tests set one that reaches their own server."""
    found: Fetcher = getattr(request.app.state, "picture_fetcher", FETCHER)
    return found


def _pictures(installation: Installation, files: list[Attachment]) -> dict[str, str]:
    """Our addresses of the pictures that the mail carries with it, by Content-ID."""
    named = {file.content_id: picture_url(installation, file) for file in files if file.content_id}
    return {content_id: url for content_id, url in named.items() if url}
