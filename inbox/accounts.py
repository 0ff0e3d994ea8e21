"""How a mailbox is reached: from its channel's row, with its secrets unsealed."""

import json
from typing import Any

from inbox.envelopes import Account
from inbox.errors import SettingsInvalid
from inbox.models import Channel
from inbox.secrets import Keys


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
    )


def unsealed(channel: Channel, keys: Keys) -> dict[str, Any]:
    """The channel's secrets by name; raises SettingsInvalid."""
    if channel.secrets is None:
        return {}
    secrets = json.loads(keys.unseal(channel.secrets))
    if not isinstance(secrets, dict):
        raise SettingsInvalid(f"The secrets of {channel.name} cannot be read. Enter its password again.")
    return secrets
