"""What a domain publishes for receivers, and what is said of it."""

import pytest

from channels.email.domain_names import Look, TextRecords, Unanswered
from channels.email.sending_records import RecordState, SendingRecord, sending_records

GOOGLE = "smtp.gmail.com"
OWN = "mail.shop.example"


def publishing(zone: dict[str, list[str]], asked: list[str] | None = None) -> Look:
    """A domain name system that holds these names, and those above them."""

    async def look(name: str) -> TextRecords:
        if asked is not None:
            asked.append(name)
        exists = any(f".{known}".endswith(f".{name}") for known in zone)
        return TextRecords(tuple(zone.get(name, ())), exists)

    return look


async def judged(
    zone: dict[str, list[str]], host: str = GOOGLE, domain: str = "shop.example"
) -> tuple[SendingRecord, ...]:
    return await sending_records(domain, host, publishing(zone))


async def test_a_domain_without_any_is_told_what_to_publish() -> None:
    spf, dkim, dmarc = await judged({})

    assert {one.state for one in (spf, dkim, dmarc)} == {RecordState.LACKING}
    assert (spf.name, spf.value) == ("shop.example", "v=spf1 include:_spf.google.com ~all")
    assert (dkim.name, dkim.value) == ("google._domainkey.shop.example", "")
    assert (dmarc.name, dmarc.value) == ("_dmarc.shop.example", "v=DMARC1; p=none")


async def test_a_domain_that_has_all_three_is_good_and_they_are_shown() -> None:
    spf, dkim, dmarc = await judged(
        {
            "shop.example": ["google-site-verification=x", "V=SPF1  +include:_SPF.google.com -all"],
            "google._domainkey.shop.example": ["v=DKIM1; k=rsa; p=MIIB IjAN"],
            "_dmarc.shop.example": ["v=DMARC1; p=reject; rua=mailto:d@shop.example"],
        }
    )

    assert {one.state for one in (spf, dkim, dmarc)} == {RecordState.GOOD}
    assert spf.value == "V=SPF1 +include:_SPF.google.com -all"
    assert str(dkim.words) == "A key is published under the name “google”."
    assert str(dmarc.words) == "Forged mail is refused."


@pytest.mark.parametrize(
    ("record", "state", "value"),
    [
        (
            "v=spf1 include:other.example ~all",
            RecordState.FOUND,
            "v=spf1 include:_spf.google.com include:other.example ~all",
        ),
        ("v=spf1 include:_spf.google.com +all", RecordState.WRONG, "v=spf1 include:_spf.google.com ~all"),
        ("v=spf10 include:_spf.google.com", RecordState.LACKING, "v=spf1 include:_spf.google.com ~all"),
        ("v=spf1 include:_spf.google.com?all", RecordState.FOUND, None),
    ],
)
async def test_spf_is_judged_by_what_the_provider_wants(
    record: str, state: RecordState, value: str | None
) -> None:
    spf, *_ = await judged({"shop.example": [record]})

    assert spf.state == state
    assert value is None or spf.value == value


async def test_two_spf_records_become_one() -> None:
    spf, *_ = await judged({"shop.example": ["v=spf1 mx ~all", "v=spf1 include:a.example mx -all"]})

    assert (spf.state, spf.value) == (RecordState.WRONG, "v=spf1 mx include:a.example -all")
    assert "There are 2 of them" in str(spf.words)


async def test_of_a_server_that_nobody_knows_it_says_what_cannot_be_seen() -> None:
    spf, dkim, _ = await judged(
        {"shop.example": ["v=spf1 ip4:192.0.2.1 -all"], "x7._domainkey.shop.example": ["p=abc"]}, OWN
    )
    named, *_ = await judged({"shop.example": ["v=spf1 a:mail.shop.example -all"]}, OWN)

    assert (spf.state, dkim.state, named.state) == (RecordState.FOUND, RecordState.FOUND, RecordState.GOOD)
    assert "Whether it lets mail.shop.example through" in str(spf.words)
    assert dkim.name == "…._domainkey.shop.example"


@pytest.mark.parametrize(
    ("host", "term"),
    [
        ("8.8.4.4", "ip4:8.8.4.4"),
        ("2606:4700::1111", "ip6:2606:4700::1111"),
        ("127.0.0.1", "mx"),
        ("relay", "mx"),
    ],
)
async def test_a_server_without_a_public_name_is_named_by_its_address_or_not_at_all(
    host: str, term: str
) -> None:
    spf, *_ = await judged({}, host)

    assert spf.value == f"v=spf1 {term} ~all"


async def test_a_key_that_was_taken_back_is_none() -> None:
    _, dkim, _ = await judged({"google._domainkey.shop.example": ["v=DKIM1; p="]})

    assert dkim.state == RecordState.FOUND


async def test_the_policy_of_a_domain_above_counts_and_the_nearest_goes_first() -> None:
    zone = {"_dmarc.shop.example": ["v=DMARC1; p=quarantine"]}
    *_, above = await judged(zone, domain="help.shop.example")
    *_, own = await judged(
        zone | {"_dmarc.help.shop.example": ["v=DMARC1; p=none"]}, domain="help.shop.example"
    )

    assert (above.name, above.state) == ("_dmarc.shop.example", RecordState.GOOD)
    assert own.name == "_dmarc.help.shop.example" and "p=quarantine protects" in str(own.words)


@pytest.mark.parametrize("records", [["v=DMARC1; p=all"], ["v=DMARC1"], ["v=DMARC1; p=none"] * 2])
async def test_a_policy_that_says_nothing_clear_is_wrong(records: list[str]) -> None:
    *_, dmarc = await judged({"_dmarc.shop.example": records})

    assert dmarc.state == RecordState.WRONG


async def test_what_nobody_answers_is_not_known_and_values_stand_all_the_same() -> None:
    async def silent(name: str) -> TextRecords:
        raise Unanswered("No name server answered.")

    records = await sending_records("shop.example", GOOGLE, silent)

    assert {record.state for record in records} == {RecordState.UNKNOWN}
    assert records[0].value == "v=spf1 include:_spf.google.com ~all"


async def test_only_names_of_the_domain_are_asked_for_and_few_of_them() -> None:
    asked: list[str] = []
    await sending_records("Müller.hilfe.shop.example.", OWN, publishing({}, asked))

    assert all(name.endswith("shop.example") and name.isascii() for name in asked)
    assert "xn--mller-kva.hilfe.shop.example" in asked and len(asked) <= 12
