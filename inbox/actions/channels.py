"""Adding, changing and switching off the ways in and out, and noting how they are."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.accounts import unsealed
from inbox.actions.events import record
from inbox.actors import SYSTEM, Actor
from inbox.addresses import normalise_email
from inbox.credentials import new_token
from inbox.envelopes import ChannelKind
from inbox.errors import Conflict, Invalid
from inbox.ids import public_id
from inbox.models import Channel, EventKind, OutboxEntry, Team
from inbox.policies import Action, authorize
from inbox.secrets import Keys
from inbox.sending_rates import SENDING_RATE, SendingRate
from inbox.signatures import checked_template

INBOUND_TOKEN_PREFIX = "inbound_"  # of the bearer token with which programs hand mail to /mail/{key}


async def add_channel(
    session: AsyncSession,
    *,
    kind: ChannelKind,
    name: str,
    by: Actor,
    keys: Keys,
    address: str | None = None,
    settings: Mapping[str, Any] | None = None,
    password: str | None = None,
    default_team: Team | None = None,
    reply_mailbox: Channel | None = None,
) -> Channel:
    """Add a way in and out; a mailbox needs its *address*. The secrets that its kind needs are made here.

    Raises Conflict where the name or the address is taken, Invalid for unusable values.
    """
    authorize(by, Action.ADMINISTER)
    if kind is ChannelKind.EMAIL and not address:
        raise Invalid("A mailbox needs its address, like support@example.com.", field="address")
    channel = Channel(
        kind=kind,
        name=await _free_name(session, name),
        address=await _free_address(session, address) if address else None,
        public_key=public_id(),
        default_team_id=default_team.id if default_team else None,
        reply_mailbox_id=_mailbox(reply_mailbox),
        settings=checked_settings(settings or {}),
        state="new" if kind is ChannelKind.EMAIL and (settings or {}).get("imap_url") else "ok",
    )
    _seal(channel, _first_secrets(kind) | ({"password": password} if password else {}), keys)
    session.add(channel)
    await session.flush()
    _record(session, channel, by, {"change": "added"})
    return channel


async def change_channel(
    session: AsyncSession,
    channel: Channel,
    *,
    by: Actor,
    keys: Keys,
    name: str | None = None,
    settings: Mapping[str, Any] | None = None,
    password: str | None = None,
    default_team: Team | None = None,
    has_default_team: bool = False,
    reply_mailbox: Channel | None = None,
    has_reply_mailbox: bool = False,
) -> Channel:
    """Change what is given. *settings* are merged, one by one; None takes one away. The `has_…` flags say
    that team or mailbox are to be set, to nothing as well."""
    authorize(by, Action.ADMINISTER)
    if name is not None and name.strip() != channel.name:
        channel.name = await _free_name(session, name)
    if settings is not None:
        merged = {**channel.settings, **settings}
        kept = {key: value for key, value in merged.items() if value is not None}
        before, channel.settings = channel.settings, checked_settings(kept)
        if before.get(SENDING_RATE) != channel.settings.get(SENDING_RATE):
            await _begin_anew(session, channel)
    if password is not None:
        _seal(channel, unsealed(channel, keys) | {"password": password}, keys)
    if settings is not None or password is not None:
        may_try_again(channel)
    if has_default_team:
        channel.default_team_id = default_team.id if default_team else None
    if has_reply_mailbox:
        channel.reply_mailbox_id = _mailbox(reply_mailbox)
    await session.flush()
    _record(session, channel, by, {"change": "settings"})
    return channel


async def deactivate(session: AsyncSession, channel: Channel, *, by: Actor) -> None:
    """Switch a channel off: nothing comes in or goes out by it. What it brought stays."""
    authorize(by, Action.ADMINISTER)
    if channel.deactivated_at is None:
        channel.deactivated_at = clock.now()
        _record(session, channel, by, {"change": "deactivated"})
        await session.flush()


async def activate(session: AsyncSession, channel: Channel, *, by: Actor) -> None:
    """Switch a channel on again."""
    authorize(by, Action.ADMINISTER)
    if channel.deactivated_at is not None:
        channel.deactivated_at = None
        _record(session, channel, by, {"change": "activated"})
        await session.flush()


async def set_paused(session: AsyncSession, channel: Channel, *, paused: bool, by: Actor) -> None:
    """Close a form for a while, or open it again: who comes in between is told so, and nothing is taken."""
    authorize(by, Action.ADMINISTER)
    if bool(channel.settings.get("paused")) is paused:
        return
    rest = {name: value for name, value in channel.settings.items() if name != "paused"}
    channel.settings = rest | ({"paused": True} if paused else {})
    _record(session, channel, by, {"change": "paused" if paused else "resumed"})
    await session.flush()


def may_try_again(channel: Channel) -> None:
    """Its way in or out is another one: what waits may try it at once, and what was refused says nothing."""
    channel.sending_paused_until, channel.sending_text = None, ""
    if channel.state == "auth_failed":
        channel.state, channel.state_text = "new" if channel.settings.get("imap_url") else "ok", ""


async def set_state(session: AsyncSession, channel: Channel, state: str, text: str = "") -> None:
    """Note how a channel is (`ok` or `failing`, and what is wrong in words); an event where it changed.

    A mailbox that can be read is not well while its mail cannot leave.
    """
    if state == "ok" and channel.sending_text:
        state, text = "auth_failed", channel.sending_text
    if (channel.state, channel.state_text) == (state, text[:500]):
        return
    channel.state, channel.state_text, channel.state_at = state, text[:500], clock.now()
    _record(session, channel, SYSTEM, {"change": "state", "state": state})
    await session.flush()


def keep_secret(channel: Channel, name: str, secret: str, *, keys: Keys) -> None:
    """Store a secret that somebody else gave, sealed with the channel's others."""
    _seal(channel, unsealed(channel, keys) | {name: secret}, keys)


async def renew_secret(session: AsyncSession, channel: Channel, name: str, *, by: Actor, keys: Keys) -> str:
    """Replace one of a channel's own secrets and answer it. An identity secret keeps its predecessor, so that
    a site can change over; the one before that is void."""
    authorize(by, Action.ADMINISTER)
    secrets = unsealed(channel, keys)
    if name == "identity_secrets":
        fresh = new_token()
        secrets[name] = [fresh, *secrets.get(name, [])][:2]
    elif name == "inbound_token":
        fresh = secrets[name] = new_token(INBOUND_TOKEN_PREFIX)
    else:
        raise Invalid("A channel has no such secret.", field="name")
    _seal(channel, secrets, keys)
    _record(session, channel, by, {"change": "secret", "secret": name})
    await session.flush()
    return fresh


def identity_secrets(channel: Channel, keys: Keys) -> list[str]:
    """The fingerprints of the identity secrets that are good now, newest first: they name a secret without
    telling it."""
    return [_fingerprint(secret) for secret in unsealed(channel, keys).get("identity_secrets", [])]


async def remove_identity_secret(
    session: AsyncSession, channel: Channel, fingerprint: str, *, by: Actor, keys: Keys
) -> None:
    """Make an identity secret void at once: what was signed with it proves nothing any more.

    Raises Conflict for the only one: make a new one first.
    """
    authorize(by, Action.ADMINISTER)
    secrets = unsealed(channel, keys)
    standing = secrets.get("identity_secrets", [])
    kept = [secret for secret in standing if _fingerprint(secret) != fingerprint]
    if not kept:
        raise Conflict("This is the only secret. Make a new one first, then remove this one.")
    if kept == standing:
        return
    _seal(channel, secrets | {"identity_secrets": kept}, keys)
    _record(session, channel, by, {"change": "secret_removed", "secret": "identity_secrets"})
    await session.flush()


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(b"identity secret\n" + secret.encode()).hexdigest()[:8]


def checked_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, without empty ones; raises Invalid for URLs and origins that cannot be used."""
    kept = {key: value for key, value in settings.items() if value not in (None, "", [])}
    if "signature" in kept:
        kept["signature"] = checked_template(str(kept["signature"]), field="signature")
    if SENDING_RATE in kept:
        kept[SENDING_RATE] = str(SendingRate.parse(str(kept[SENDING_RATE])))
    sealers = kept.get("arc_sealers", [])
    if not isinstance(sealers, list) or not all(isinstance(one, str) and "." in one for one in sealers):
        raise Invalid("Give domains, like lists.example.com.", field="arc_sealers")
    for name, schemes in (("imap_url", ("imap", "imaps")), ("smtp_url", ("smtp", "smtps"))):
        if name in kept:
            _check_server(kept[name], name, schemes)
    for origin in kept.get("origins", ()):
        parts = urlsplit(str(origin))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise Invalid(
                "An origin looks like https://shop.example, not %(origin)s.", origin=origin, field="origins"
            )
    return kept


async def _begin_anew(session: AsyncSession, channel: Channel) -> None:
    """Its mails that wait for turns of another rate ask again now."""
    waiting = update(OutboxEntry).where(
        OutboxEntry.channel_id == channel.id,
        OutboxEntry.state == "waiting",
        OutboxEntry.waits_for_rate.is_not(None),
    )
    await session.execute(waiting.values(due_at=clock.now()))


def _check_server(url: str, field: str, schemes: tuple[str, ...]) -> None:
    example = f"{schemes[1]}://user@host"
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises for what is no number
    except ValueError as error:
        raise Invalid("The server must be given like %(example)s.", example=example, field=field) from error
    if parts.scheme not in schemes or not parts.hostname or not url.isprintable():
        raise Invalid("The server must be given like %(example)s.", example=example, field=field)
    if parts.password is not None:
        raise Invalid("Leave the password out of the address: it is stored encrypted.", field=field)


def _first_secrets(kind: ChannelKind) -> dict[str, Any]:
    if kind is ChannelKind.WEBCHAT:
        return {"identity_secrets": [new_token()]}
    if kind is ChannelKind.EMAIL:
        return {"inbound_token": new_token(INBOUND_TOKEN_PREFIX)}
    return {}


def _seal(channel: Channel, secrets: Mapping[str, Any], keys: Keys) -> None:
    channel.secrets = keys.seal(json.dumps(secrets)) if secrets else None


async def _free_name(session: AsyncSession, name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 120 or not name.isprintable():
        raise Invalid("Give a name of 1 to 120 characters.", field="name")
    if await session.scalar(select(Channel.id).where(Channel.name == name)) is not None:
        raise Conflict("There is already a channel with the name %(name)s.", name=name)
    return name


async def _free_address(session: AsyncSession, address: str) -> str:
    address = normalise_email(address, field="address")
    if await session.scalar(select(Channel.id).where(Channel.address == address)) is not None:
        raise Conflict("There is already a channel for %(address)s.", address=address)
    return address


def _mailbox(channel: Channel | None) -> int | None:
    if channel is not None and channel.kind != ChannelKind.EMAIL:
        raise Invalid("Answers leave from a mailbox; that channel is none.", field="reply_mailbox_id")
    return channel.id if channel else None


def _record(session: AsyncSession, channel: Channel, by: Actor, facts: dict[str, Any]) -> None:
    about = {"channel_id": channel.public_id, "channel": channel.name, **facts}
    record(session, EventKind.CHANNEL_CHANGED, actor=by, conversation=None, data=about)
