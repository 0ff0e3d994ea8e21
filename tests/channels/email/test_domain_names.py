"""Text records are asked for as they are written, and what nobody answers is said to be so."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from channels.email import domain_names
from channels.email.domain_names import TextRecords, Unanswered, text_records

ZONE = {
    "shop.example.": ['"v=spf1 include:_spf." "provider.example ~all"', '"site=1"'],
    "_domainkey.shop.example.": [],  # only names below it
}


class NameServer(asyncio.DatagramProtocol):
    """Answers from ZONE; fails for broken.example., and says nothing at all of silent.example."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text()
        if name == "silent.example.":
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if name == "broken.example.":
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name not in ZONE:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif ZONE[name]:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *ZONE[name]))
        self.transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        NameServer, local_addr=("127.0.0.1", 0)
    )
    yield transport.get_extra_info("sockname")[1]
    transport.close()


async def test_a_record_in_several_strings_is_one_text(port: int) -> None:
    found = await text_records("shop.example", servers=["127.0.0.1"], port=port)

    assert sorted(found.texts) == ["site=1", "v=spf1 include:_spf.provider.example ~all"]


async def test_a_name_that_only_has_others_below_it_is_there_and_an_unknown_one_is_not(port: int) -> None:
    folder = await text_records("_domainkey.shop.example", servers=["127.0.0.1"], port=port)
    nothing = await text_records("_domainkey.other.example", servers=["127.0.0.1"], port=port)

    assert (folder, nothing) == (TextRecords(), TextRecords(exists=False))


@pytest.mark.parametrize("name", ["broken.example", "silent.example", "a..b", f"{'x' * 64}.example"])
async def test_without_an_answer_it_is_given_up_soon(
    port: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain_names, "SECONDS", 0.2)

    with pytest.raises(Unanswered):
        await text_records(name, servers=["127.0.0.1"], port=port)
