"""A formatted mail as a document of its own: sanitised as the last step, sandboxed, without anything from
elsewhere (SECURITY R9, R10)."""

from starlette.requests import Request
from starlette.responses import Response

from inbox.models import Attachment
from inbox.queries import messages
from inbox.texts import count_remote_images, sanitise
from web.acting import actor_of
from web.endpoints.attachments import picture_url
from web.installation import Installation, installation_of
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


async def show(request: Request) -> Response:
    """GET /messages/{id}/document"""
    installation = installation_of(request)
    async with installation.database.reading() as session:
        message = await messages.by_public_id(session, actor_of(request), request.path_params["id"])
    html = message.html or ""
    pictures = f"{str(request.base_url).rstrip('/')}/pictures/"
    return page(
        request,
        "conversations/document.html",
        headers={"Content-Security-Policy": POLICY.format(pictures=pictures)},
        body=sanitise(html, image_urls=_pictures(installation, message.attachments)),
        text=message.text,
        blocked=count_remote_images(html),
    )


def _pictures(installation: Installation, files: list[Attachment]) -> dict[str, str]:
    """Our addresses of the pictures that the mail carries with it, by Content-ID."""
    named = {file.content_id: picture_url(installation, file) for file in files if file.content_id}
    return {content_id: url for content_id, url in named.items() if url}
