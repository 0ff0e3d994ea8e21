"""Which Authentication-Results are believed."""

import pytest

from channels.email.authentication import read_authentication
from channels.email.headers import Headers
from inbox.envelopes import Authentication, Verdict

OURS = "mx.company.test"


def read(
    *lines: str, authserv_id: str | None = OURS, trusted_sealers: tuple[str, ...] = ()
) -> Authentication:
    fields = [line.partition(":") for line in lines]
    headers = Headers([(name.lower(), value.encode()) for name, _, value in fields])
    return read_authentication(headers, authserv_id, trusted_sealers)


def test_the_results_of_the_configured_server_are_read() -> None:
    found = read(
        "Authentication-Results: mx.company.test; dkim=fail header.d=a.test; dkim=pass header.d=b.test;"
        " spf=softfail smtp.mailfrom=b.test; dmarc=pass (p=REJECT) header.from=b.test",
        "Received: from mail.b.test (mail.b.test [192.0.2.1]) by mx.company.test with ESMTPS id 1",
    )
    assert found == Authentication(
        dmarc=Verdict.PASS, spf=Verdict.FAIL, dkim=Verdict.PASS, authserv_id="mx.company.test"
    )


def test_nobody_is_believed_where_nobody_is_configured() -> None:
    assert read("Authentication-Results: mx.company.test; dmarc=pass", authserv_id=None) == Authentication()


def test_only_the_topmost_of_ours_counts() -> None:
    found = read(
        "Authentication-Results: mx.company.test; dmarc=fail",
        "Authentication-Results: mx.company.test; dmarc=pass",
    )
    assert found.dmarc is Verdict.FAIL


def test_results_of_other_servers_are_passed_over() -> None:
    found = read(
        "Authentication-Results: elsewhere.test; dmarc=pass",
        "Authentication-Results: mx.company.test 1; dmarc=fail",
    )
    assert found.dmarc is Verdict.FAIL


@pytest.mark.parametrize(
    "received",
    [
        "Received: from evil.test (evil.test [192.0.2.9]) by mx.company.test with ESMTP id 1",
        "Received: from localhost (evil.test [192.0.2.9]) by mx.company.test with ESMTP id 1",
        "Received: from mx.company.test (evil.test [192.0.2.9]) by mx.company.test with ESMTP id 1",
        "Received: from evil.test",
    ],
)
def test_what_stands_below_a_received_from_outside_may_be_forged(received: str) -> None:
    assert read(received, "Authentication-Results: mx.company.test; dmarc=pass") == Authentication()


@pytest.mark.parametrize(
    "received",
    [
        "Received: from mx.company.test by store.company.test with LMTP id 1 for <support@company.test>",
        "Received: by store.company.test (Postfix) id 1",
        "Received: from mx.company.test (localhost [127.0.0.1]) by mx.company.test with ESMTP id 1",
    ],
)
def test_a_local_delivery_may_stand_above_the_results(received: str) -> None:
    assert read(received, "Authentication-Results: mx.company.test; dmarc=pass").dmarc is Verdict.PASS


def test_a_service_that_writes_its_results_below_its_received_is_believed() -> None:
    found = read(
        "Received: by 2002:a05:6a10:1 with SMTP id 1; Mon, 5 Jan 2026 02:00:00 -0800 (PST)",
        "Received: from mail.b.test (mail.b.test [192.0.2.1]) by mx.google.com with ESMTPS id 2",
        "Authentication-Results: mx.google.com; dkim=pass header.i=@b.test; dmarc=pass header.from=b.test",
        authserv_id="mx.google.com",
    )
    assert found.dmarc is Verdict.PASS


@pytest.mark.parametrize(
    "value",
    [
        'mx.company.test; spf=pass smtp.mailfrom="x; dmarc=pass"@evil.test',
        'mx.company.test; spf=pass reason="a dmarc=pass b"',
        "mx.company.test; spf=pass (dmarc=pass (nested) dmarc=pass)",
        "mx.company.test.evil.test; dmarc=pass",
        "(mx.company.test) evil.test; dmarc=pass",
    ],
)
def test_what_a_sender_can_write_into_the_field_is_no_result(value: str) -> None:
    assert read(f"Authentication-Results: {value}").dmarc is Verdict.NONE


@pytest.mark.parametrize(
    ("result", "verdict"),
    [("pass", "pass"), ("fail", "fail"), ("none", "none"), ("temperror", "none"), ("bestguesspass", "none")],
)
def test_dmarc_results_become_verdicts(result: str, verdict: str) -> None:
    assert read(f"Authentication-Results: MX.company.TEST; DMARC={result}").dmarc == verdict


def test_a_result_above_a_received_that_no_server_wrote_was_made_up_with_it() -> None:
    found = read("Authentication-Results: mx.company.test; dmarc=pass", "Received: from evil.test")
    assert found == Authentication()


PASSED_ON = (
    "Authentication-Results: mx.company.test; arc=pass (i=2); dmarc=fail header.from=shop.test",
    "Received: from out.lists.test (out.lists.test [192.0.2.1]) by mx.company.test with ESMTPS id 1",
    "ARC-Seal: i=2; a=rsa-sha256; t=1; cv=pass; d=lists.test; s=a; b=abc",
    "ARC-Authentication-Results: i=2; mx.lists.test; dmarc=pass header.from=shop.test",
    "ARC-Seal: i=1; a=rsa-sha256; t=1; cv=none; d=evil.test; s=a; b=abc",
    "ARC-Authentication-Results: i=1; mx.evil.test; dmarc=pass header.from=shop.test",
)


def test_a_mail_that_a_trusted_house_has_passed_on_is_what_that_house_found() -> None:
    for sealer in ("lists.test", "Lists.Test."):
        assert read(*PASSED_ON, trusted_sealers=(sealer,)).dmarc is Verdict.PASS


@pytest.mark.parametrize(
    ("change", "sealers"),
    [
        (("", ""), ()),
        (("", ""), ("evil.test", "ists.test", "")),
        (("arc=pass", "arc=fail"), ("lists.test",)),
        (("arc=pass (i=2)", 'x="arc=pass"'), ("lists.test",)),
        (("mx.lists.test; dmarc=pass", "mx.lists.test; dmarc=fail"), ("lists.test",)),
        (("Results: i=2", "Results: i=3"), ("lists.test",)),
        (("Results: i=1", "Results: i=2"), ("lists.test",)),
        (("Results: mx.company.test", "Results: mx.evil.test"), ("lists.test",)),
    ],
    ids=["none", "others", "broken", "quoted", "found bad", "unsaid", "said twice", "other server"],
)
def test_seals_that_are_not_trusted_or_not_whole_say_nothing(
    change: tuple[str, str], sealers: tuple[str, ...]
) -> None:
    lines = [line.replace(*change) if change[0] else line for line in PASSED_ON]
    assert read(*lines, trusted_sealers=sealers).dmarc is not Verdict.PASS
