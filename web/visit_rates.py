"""How much a visitor, an address and a channel may ask for (SECURITY R29).

New conversations are counted strictly by IPv6 /64, where a subscriber has one to themselves; an IPv4 address
may be that of a whole office or of a phone network, so it has more.
"""

import math

from web.rates import Rate, Rates, address_block, counted_address
from web.visits import Visit

MESSAGES_OF_VISITOR = Rate("chat messages, visitor", 10, 10)
MESSAGES_OF_ADDRESS = Rate("chat messages, address", 30, 10)
MESSAGES_OF_NETWORK = Rate("chat messages, network", 300, 10)
MESSAGES_OF_CHANNEL = Rate("chat messages, channel", 1_000, 10)
NOTES_OF_VISITOR = Rate("what a panel notes, visitor", 60, 30)
BEGUN_BY_SIX = Rate("new chats, IPv6", 5, 3_600)
BEGUN_BY_FOUR = Rate("new chats, IPv4", 40, 3_600)
BYTES_OF_VISITOR = Rate("uploaded bytes, visitor", 25_000_000, 3_600)
BYTES_OF_ADDRESS = Rate("uploaded bytes, address", 50_000_000, 3_600)
REQUESTS_OF_ADDRESS = Rate("chat requests, address", 300, 60)
FRAMES_OF_SOCKET = Rate("frames, socket", 30, 1)
SOCKETS_OF_ADDRESS = 300  # open at once


def wait_before_message(rates: Rates, visit: Visit, host: str | None, *, is_first: bool) -> int:
    """0, or the whole seconds to wait before this message is taken."""
    place, channel = counted_address(host), visit.channel.id
    counted = [
        (MESSAGES_OF_VISITOR, f"{channel} {visit.visitor_id}"),
        (MESSAGES_OF_ADDRESS, f"{channel} {place}"),
        (MESSAGES_OF_NETWORK, f"{channel} {address_block(host)}"),
        (MESSAGES_OF_CHANNEL, str(channel)),
    ]
    if is_first:
        counted.append((BEGUN_BY_SIX if ":" in place else BEGUN_BY_FOUR, f"{channel} {place}"))
    return math.ceil(rates.take_all(*counted))


def wait_before_note(rates: Rates, visit: Visit) -> int:
    """0, or the whole seconds to wait before a panel may say again what it has shown or where it stands: each
    is a row to write."""
    return math.ceil(rates.take(NOTES_OF_VISITOR, f"{visit.channel.id} {visit.visitor_id}"))


def wait_before_upload(rates: Rates, visit: Visit, host: str | None, size: int) -> int:
    """0, or the whole seconds to wait before so many bytes are taken."""
    subjects = (BYTES_OF_VISITOR, visit.visitor_id), (BYTES_OF_ADDRESS, counted_address(host))
    return math.ceil(rates.take_all(*subjects, cost=size))
