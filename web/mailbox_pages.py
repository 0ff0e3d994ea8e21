"""What the page of a mailbox shows beside its fields: its sign-in, its health, and how far its history is."""

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from channels.email.sending_records import sending_records
from inbox.actions.companies import EVERYBODYS
from inbox.envelopes import ChannelKind
from inbox.errors import NotFound
from inbox.models import Channel
from inbox.queries import channels, mailbox_health
from inbox.queries.happenings import Reading
from web.installation import Installation, installation_of
from web.mailbox_forms import provider_choices
from web.templating import page

RETURN_PATH = "/settings/mailbox-sign-in"


def return_address(installation: Installation) -> str:
    """Where a provider sends the browser back to; has to be registered there."""
    return installation.settings.base_url + RETURN_PATH


async def mailbox_facts(
    session: Reading, installation: Installation, kind: ChannelKind, channel: Channel | None
) -> dict[str, Any]:
    """What the templates of a mailbox ask for; nothing for other channels."""
    if kind is not ChannelKind.EMAIL:
        return {}
    return {
        "sign_ins": provider_choices(installation.settings),
        "return_address": return_address(installation),
        "health": await mailbox_health.health(session, channel) if channel else None,
    }


async def history(request: Request) -> Response:
    """GET /settings/channels/{id}/history: the progress bar, again and again until it is full."""
    async with installation_of(request).database.reading() as session:
        channel = await channels.by_id(session, request.path_params["id"])
        progress = await mailbox_health.history(session, channel)
    return page(request, "settings/_history.html", channel=channel, history=progress)


async def records(request: Request) -> Response:
    """GET /settings/channels/{id}/records: what its domain publishes for receivers, looked up now."""
    async with installation_of(request).database.reading() as session:
        channel = await channels.by_id(session, request.path_params["id"])
    if channel.kind != ChannelKind.EMAIL:
        raise NotFound("There is no such page.")
    found = await records_of(installation_of(request), channel)
    return page(request, "settings/_records.html", here=f"/settings/channels/{channel.public_id}", **found)


async def records_of(installation: Installation, channel: Channel) -> dict[str, Any]:
    """SPF, DKIM and DMARC of a mailbox's domain. Nothing is looked up where it sends nothing, or where the
    domain belongs to its provider."""
    domain = (channel.address or "").rpartition("@")[2].lower()
    host = urlsplit(channel.settings.get("smtp_url") or "").hostname or ""
    is_everybodys = domain in EVERYBODYS
    rows = () if is_everybodys or not host else await sending_records(domain, host, installation.look)
    return {"domain": domain, "smtp_host": host, "is_everybodys": is_everybodys, "records": rows}
