"""Settings → Channels: the secrets that a channel is given, each shown once."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import channels as ways
from inbox.envelopes import ChannelKind
from inbox.errors import Conflict, NotFound
from inbox.queries import channels
from web.channel_pages import HOME
from web.endpoints.settings_channels import shown
from web.installation import installation_of
from web.settings_pages import actor_of

_NAMES = {ChannelKind.WEBCHAT: "identity_secrets", ChannelKind.EMAIL: "inbound_token"}


async def renew(request: Request) -> Response:
    """POST /settings/channels/{id}/secret: a new secret, shown on this page and never again."""
    keys = installation_of(request).keys
    async with installation_of(request).database.transaction() as session:
        channel = await channels.by_id(session, request.path_params["id"])
        name = _NAMES.get(ChannelKind(channel.kind))
        if name is None:
            raise NotFound("There is no such page.")
        secret = await ways.renew_secret(session, channel, name, by=actor_of(request), keys=keys)
    return await shown(request, channel, secret=secret)


async def remove(request: Request) -> Response:
    """POST /settings/channels/{id}/secret/{fingerprint}/remove: an identity secret is void from now on."""
    keys, fingerprint = installation_of(request).keys, request.path_params["fingerprint"]
    async with installation_of(request).database.reading() as session:
        channel = await channels.by_id(session, request.path_params["id"])
    if channel.kind != ChannelKind.WEBCHAT:
        raise NotFound("There is no such page.")
    try:
        async with installation_of(request).database.transaction() as session:
            channel = await channels.by_id(session, channel.public_id)
            await ways.remove_identity_secret(session, channel, fingerprint, by=actor_of(request), keys=keys)
    except Conflict as problem:
        return await shown(request, channel, problem=problem)
    return RedirectResponse(f"{HOME}/{channel.public_id}?saved=1", 303)
