"""How large what leaves by mail may be."""

from inbox.models import Channel

MOST_BYTES = 20_000_000  # with base64 below the 25 to 28 MB that mail servers take
BYTES_AS_BASE64 = 0.73  # of a mail's bytes, what its files may have (RFC 2045 §6.8: 57 become 78)


def most_bytes(channel: Channel) -> int:
    """How large the files of one message may be together: what the mailbox's server takes (RFC 1870 SIZE) or
    an admin has chosen, less what base64 adds."""
    chosen = channel.settings.get("largest_mail")
    return min(MOST_BYTES, int(chosen * BYTES_AS_BASE64)) if chosen else MOST_BYTES
