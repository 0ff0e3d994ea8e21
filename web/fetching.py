"""Fetches what a stranger's address names, without being led into our own network.

The name is resolved once, every address it has must be a public one, and the connection goes to the address
that was checked: a name that resolves to something else a moment later changes nothing. Each redirect is
checked anew. Nothing of whoever looks is sent: no cookie, no referrer, no address of theirs.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urljoin, urlsplit

import idna

from inbox.errors import NotFound

REDIRECTS = 3
PORTS = frozenset((80, 443))
LONGEST_URL = 4_000

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_REFUSED = "This could not be loaded from elsewhere."  # the same words for all reasons: it tells nothing
_NETWORKS = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "::/96",
        "100::/64",
        "2001::/23",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)
_NAT64 = ip_network("64:ff9b::/96")
_LOCAL_NAT64 = ip_network("64:ff9b:1::/48")
_SIX_TO_FOUR = ip_network("2002::/16")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is fetched at most, and how long it may take in all."""

    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Posted:
    """What was answered: the status, and the Retry-After header or ""."""

    status: int
    retry_after: str


async def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the system knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def is_public(address: Address) -> bool:
    """Whether an address is one of the open Internet, whatever shape it hides in (RFC 6890, 6052, 3056)."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address in _SIX_TO_FOUR:
            return is_public(IPv4Address(int(address) >> 80 & 0xFFFFFFFF))
        if address in _LOCAL_NAT64 or address.scope_id:
            return False
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address in network for network in _NETWORKS if network.version == address.version)


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Gets bytes over HTTP from the open Internet only."""

    limits: Limits
    accept: str = "*/*"
    resolve: Resolve = resolved
    may_reach: Callable[[Address], bool] = is_public
    ports: frozenset[int] | None = field(default=PORTS)  # None: all of them

    async def fetch(self, url: str) -> bytes:
        """What stands at *url*. Raises NotFound, in the same words whatever the reason."""
        import httpx2  # loaded with the first request: few processes ever need it

        try:
            async with asyncio.timeout(self.limits.seconds):
                for _ in range(REDIRECTS + 1):
                    answer = await self._ask(url)
                    if isinstance(answer, bytes):
                        return answer
                    url = urljoin(url, answer)
        except (TimeoutError, OSError, ValueError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise NotFound(_REFUSED) from error
        raise NotFound(_REFUSED)

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Posted:
        """What *url* answers to this; a redirection is an answer like any other. Raises NotFound, in the same
        words whatever the reason."""
        import httpx2

        try:
            async with asyncio.timeout(self.limits.seconds):
                target, host, own = await self._target(url)
                async with httpx2.AsyncClient(trust_env=False, timeout=self.limits.seconds) as client:
                    request = client.stream(
                        "POST",
                        target,
                        content=content,
                        headers={**own, **headers},
                        extensions={"sni_hostname": host},
                    )
                    async with request as response:  # its body says nothing that we need
                        return Posted(response.status_code, response.headers.get("retry-after", ""))
        except (TimeoutError, OSError, ValueError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise NotFound(_REFUSED) from error

    async def _target(self, url: str) -> tuple[str, str, dict[str, str]]:
        """The address to connect to as a URL, the name it was asked by, and the headers of every request."""
        parts, host, port = self._checked(url)
        address = await self._address(host, port)
        literal = f"[{address}]" if address.version == 6 else str(address)
        headers = {
            "Host": host if parts.port is None else f"{host}:{port}",
            "Accept": self.accept,
            "Accept-Encoding": "identity",
            "User-Agent": "Mozilla/5.0 (compatible; Onethread)",
        }
        return parts._replace(netloc=f"{literal}:{port}", fragment="").geturl(), host, headers

    async def _ask(self, url: str) -> bytes | str:
        """The bytes, or where they have gone to."""
        import httpx2

        target, host, headers = await self._target(url)
        # A client for each request: no cookie and no connection is ever shared between two senders' sites.
        async with (
            httpx2.AsyncClient(trust_env=False, timeout=self.limits.seconds) as client,
            client.stream("GET", target, headers=headers, extensions={"sni_hostname": host}) as response,
        ):
            if response.has_redirect_location:
                return response.headers["location"]
            if (
                response.status_code != 200
                or response.headers.get("content-encoding", "identity") != "identity"
            ):
                raise NotFound(_REFUSED)
            content = bytearray()
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > self.limits.bytes:
                    raise NotFound(_REFUSED)
            return bytes(content)

    def _checked(self, url: str) -> tuple[SplitResult, str, int]:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > LONGEST_URL:
            raise NotFound(_REFUSED)
        if parts.username is not None or parts.password is not None:
            raise NotFound(_REFUSED)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if self.ports is not None and port not in self.ports:
            raise NotFound(_REFUSED)
        host = parts.hostname
        return parts, host if host.isascii() else idna.encode(host, uts46=True).decode(), port

    async def _address(self, host: str, port: int) -> Address:
        """The address to connect to; refused where any of the name's addresses is not to be reached."""
        addresses = [ip_address(text) for text in await self.resolve(host, port)]
        if not addresses or not all(self.may_reach(address) for address in addresses):
            raise NotFound(_REFUSED)
        return addresses[0]
