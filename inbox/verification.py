"""Whose mail may hold codes and links with which somebody signs in elsewhere as us.

Whoever gets a stranger's eye into a mailbox asks a service to send such a code there (it was done to a help
desk in 2024). So mail of these senders is shown with a warning, and nothing of it leaves again.
"""

_SERVICES = """
id.apple.com email.apple.com accounts.google.com accountprotection.microsoft.com microsoftonline.com slack.com
github.com gitlab.com facebookmail.com discord.com zoom.us okta.com auth0.com duosecurity.com notion.so
atlassian.com login.gov signin.aws amazon.com linkedin.com x.com twitter.com dropbox.com docusign.net
paypal.com stripe.com cloudflare.com openai.com zendesk.com
"""
_MACHINES = """
no-reply noreply no_reply donotreply do-not-reply account security verif login sign auth appleid feedback
notification password
"""
_DOMAINS = frozenset(_SERVICES.split())
_LOCAL_PARTS = tuple(_MACHINES.split())


def may_hold_codes(address: str) -> bool:
    """Whether an address is a machine of a service that mails codes for signing in."""
    local, _, domain = address.lower().rpartition("@")
    labels = domain.split(".")
    known = any(".".join(labels[start:]) in _DOMAINS for start in range(len(labels) - 1))
    return known and local.startswith(_LOCAL_PARTS)
