"""Signing in to a mailbox at its provider: to the consent page, and back with what it gives."""

import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from channels.email.grants import client_of
from channels.email.oauth import GrantRefused, ProviderTrouble, consent_url, first_tokens
from inbox.accounts import Grant
from inbox.actions.grants import keep_grant
from inbox.envelopes import ChannelKind
from inbox.errors import Invalid, NotFound
from inbox.models import Channel
from inbox.queries import channels
from web.channel_pages import HOME
from web.channel_steps import CHECK
from web.endpoints import channel_steps, settings_channels
from web.installation import Installation, installation_of
from web.mailbox_pages import return_address
from web.sealed import Seals
from web.settings_pages import actor_of

MINUTES = 15


async def new(request: Request) -> Response:
    """GET /settings/channels/{id}/sign-in?step=: on to the provider's consent page; nothing is changed here.
    `step`: it was pressed while the mailbox was set up, and leads back there."""
    installation = installation_of(request)
    channel = await _mailbox(installation, request.path_params["id"])
    try:
        client = client_of(channel, installation.keys, installation.settings)
    except Invalid as problem:
        return await _back_with(request, channel, problem, is_step="step" in request.query_params)
    verifier = secrets.token_urlsafe(48)
    # The answer comes back through the browser: only this agent, and only for a while, may bring it.
    state = _seals(installation).seal(
        channel=channel.public_id,
        verifier=verifier,
        agent=request.state.agent.public_id,
        step="step" in request.query_params,
    )
    url = consent_url(
        client,
        redirect_uri=return_address(installation),
        state=state,
        verifier=verifier,
        address=channel.address or "",
    )
    return RedirectResponse(url, 303)


async def finish(request: Request) -> Response:
    """GET /settings/mailbox-sign-in: the provider sends the browser back with a code, or with a refusal."""
    installation = installation_of(request)
    facts = _seals(installation).open(request.query_params.get("state"), seconds=60 * MINUTES)
    if facts is None or facts.get("agent") != request.state.agent.public_id:
        raise Invalid("This sign-in has run out. Begin it again on the mailbox's page.")
    channel = await _mailbox(installation, facts["channel"])
    try:
        grant = await _grant(request, installation, channel, verifier=facts["verifier"])
    except (Invalid, GrantRefused, ProviderTrouble) as trouble:
        return await _back_with(request, channel, Invalid(trouble.phrase), is_step=bool(facts.get("step")))
    async with installation.database.transaction() as session:
        channel = await channels.by_id(session, channel.public_id)
        await keep_grant(session, channel, grant, by=actor_of(request), keys=installation.keys)
    following = f"/steps/{CHECK.name}" if facts.get("step") else "?saved=1"
    return RedirectResponse(f"{HOME}/{channel.public_id}{following}", 303)


async def _back_with(request: Request, channel: Channel, problem: Invalid, *, is_step: bool) -> Response:
    """Where somebody came from, with what went wrong."""
    if is_step:
        return await channel_steps.shown(request, channel, CHECK, problem=Invalid(problem.phrase))
    return await settings_channels.shown(request, channel, problem=problem)


async def _grant(request: Request, installation: Installation, channel: Channel, *, verifier: str) -> Grant:
    client = client_of(channel, installation.keys, installation.settings)
    code = request.query_params.get("code")
    if not code:
        reason = request.query_params.get("error", "")[:60]
        name = client.provider.name
        if reason:
            raise Invalid("%(name)s let nobody in (%(reason)s).", name=name, reason=reason)
        raise Invalid("%(name)s let nobody in.", name=name)
    tokens = await first_tokens(
        client, code=code, verifier=verifier, redirect_uri=return_address(installation)
    )
    return Grant(tokens.access_token, tokens.refresh_token, tokens.expires_at)


async def _mailbox(installation: Installation, public_id: str) -> Channel:
    async with installation.database.reading() as session:
        channel = await channels.by_id(session, public_id)
    if channel.kind != ChannelKind.EMAIL or not channel.settings.get("sign_in"):
        raise NotFound("There is no such page.")
    return channel


def _seals(installation: Installation) -> Seals:
    return Seals(installation.keys, "mailbox sign-in")
