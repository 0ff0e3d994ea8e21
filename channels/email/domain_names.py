"""Asks the domain name system for the text records of a name; never for longer than a few seconds."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from inbox.errors import OnethreadError
from inbox.phrases import N_

SECONDS = 4.0  # for one name, all servers and attempts together


class Unanswered(OnethreadError):
    """No name server gave an answer; it may later."""


@dataclass(frozen=True, slots=True)
class TextRecords:
    """The TXT records of a name, in no order. `exists`: the name itself, or one below it, is there
    (RFC 8020)."""

    texts: tuple[str, ...] = ()
    exists: bool = True


Look = Callable[[str], Awaitable[TextRecords]]


async def text_records(name: str, *, servers: Sequence[str] = (), port: int = 53) -> TextRecords:
    """What is published at the name, by the system's name servers or those at these addresses. Raises
    Unanswered."""
    import dns.asyncresolver
    import dns.exception
    import dns.resolver

    try:
        resolver = dns.asyncresolver.Resolver(configure=not servers)
        if servers:
            resolver.nameservers, resolver.port = list(servers), port
        answer = await resolver.resolve(f"{name}.", "TXT", lifetime=SECONDS, search=False)
    except dns.resolver.NXDOMAIN:
        return TextRecords(exists=False)
    except dns.resolver.NoAnswer:
        return TextRecords()
    except dns.exception.DNSException as error:
        raise Unanswered(N_("No name server answered. Try again in a moment.")) from error
    # One record may come in several strings, which belong together without a space (RFC 7208 §3.3).
    return TextRecords(tuple(b"".join(record.strings).decode("ascii", "replace") for record in answer))
