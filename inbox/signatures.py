"""What stands below a mail: the agent's signature and the mailbox's, written in Markdown and Liquid."""

from inbox.liquid_texts import Values, checked, filled
from inbox.models import Agent, Channel
from inbox.phrases import N_

LONGEST = 4_000
DELIMITER = "-- "  # RFC 3676 §4.3: mail programs fold or cut what stands below it
_EXAMPLE: Values = {
    "agent": {"name": "Maya Okafor", "first_name": "Maya", "email": "maya@shop.example"},
    "mailbox": {"name": "Support", "address": "support@shop.example"},
}


def checked_template(template: str, *, field: str) -> str:
    """A signature as it may be kept; raises Invalid, naming *field*, where it cannot be filled in."""
    return checked(template, example=_EXAMPLE, longest=LONGEST, what=N_("signature"), field=field)


def signature_of(agent: Agent, mailbox: Channel) -> str:
    """The agent's signature with the mailbox's below it, filled in; "" where neither has one."""
    values = {
        "agent": {"name": agent.name, "first_name": first_name(agent.name), "email": agent.email},
        "mailbox": {"name": mailbox.name, "address": mailbox.address or ""},
    }
    templates = (agent.signature, str(mailbox.settings.get("signature") or ""))
    parts = [filled(one, values) for one in templates if one]
    return "\n\n".join(part for part in parts if part)


def first_name(name: str) -> str:
    """The first word of a name, "" where there is none."""
    return name.split()[0] if name.split() else ""
