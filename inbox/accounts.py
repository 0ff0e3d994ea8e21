"""How a mailbox is reached: from its channel's row, with its secrets unsealed."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import Account
from inbox.errors import SettingsInvalid
from inbox.models import Channel, MailboxGrant
from inbox.secrets import Keys


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to enter a mailbox, as its provider gave it; `broken` says why it holds no longer."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    broken: str = ""


def account_of(channel: Channel, keys: Keys) -> Account:
    """The account of a mailbox; raises SettingsInvalid where its secrets were sealed with another key."""
    secrets = unsealed(channel, keys)
    return Account(
        channel_id=channel.id,
        name=channel.name,
        address=channel.address or "",
        imap_url=channel.settings.get("imap_url"),
        smtp_url=channel.settings.get("smtp_url"),
        password=secrets.get("password"),
        authserv_id=channel.settings.get("authserv_id"),
        sign_in=channel.settings.get("sign_in"),
    )


async def grant_of(session: AsyncSession, channel_id: int, keys: Keys) -> Grant | None:
    """What the owner of a mailbox allowed; None where nobody has signed in. Raises SettingsInvalid."""
    kept = await session.scalar(select(MailboxGrant).where(MailboxGrant.channel_id == channel_id))
    if kept is None:
        return None
    tokens = json.loads(keys.unseal(kept.sealed))
    return Grant(tokens["access_token"], tokens["refresh_token"], kept.expires_at, kept.broken)


def sealed_grant(grant: Grant, keys: Keys) -> str:
    """The tokens as they may stand in the database."""
    return keys.seal(json.dumps({"access_token": grant.access_token, "refresh_token": grant.refresh_token}))


def unsealed(channel: Channel, keys: Keys) -> dict[str, Any]:
    """The channel's secrets by name; raises SettingsInvalid."""
    if channel.secrets is None:
        return {}
    secrets = json.loads(keys.unseal(channel.secrets))
    if not isinstance(secrets, dict):
        raise SettingsInvalid(f"The secrets of {channel.name} cannot be read. Enter its password again.")
    return secrets
