"""Whose word counts when a mail is called spam."""

import pytest

from channels.email.headers import Headers
from channels.email.spam import is_spam

OURS = "mx.company.test"
OUTSIDE = "Received: from evil.test (evil.test [192.0.2.9]) by mx.company.test with ESMTPS id 1"
DELIVERY = "Received: from mx.company.test by store.company.test with LMTP id 1 for <support@company.test>"
EXCHANGE = "Received: from edge (10.0.0.1) by box.company.test (10.0.0.2) with Microsoft SMTP Server id 15"
FLAGGED = ["X-Spam-Flag: YES", "X-Spam-Status: Yes, score=9.1", "X-MS-Exchange-Organization-SCL: 7"]


def judged(*lines: str, authserv_id: str | None = OURS) -> bool:
    fields = [line.partition(":") for line in lines]
    return is_spam(Headers([(name.lower(), value.encode()) for name, _, value in fields]), authserv_id)


@pytest.mark.parametrize("flag", FLAGGED)
def test_what_our_server_wrote_above_the_way_in_is_believed(flag: str) -> None:
    assert judged(flag, OUTSIDE, "From: a@b.org")
    assert judged(DELIVERY, flag, OUTSIDE, "From: a@b.org")
    assert not judged(flag, OUTSIDE, authserv_id=None)


@pytest.mark.parametrize("flag", FLAGGED)
def test_what_stands_below_the_way_in_came_with_the_mail(flag: str) -> None:
    assert not judged(OUTSIDE, flag, "From: a@b.org")
    assert not judged(DELIVERY, OUTSIDE, flag, "From: a@b.org")
    assert not judged("X-Spam-Flag: NO", OUTSIDE, flag)


def test_a_received_that_no_server_wrote_hides_nothing() -> None:
    assert not judged("Received: from evil.test", "X-Spam-Flag: YES")


def test_a_service_that_writes_its_results_below_its_received_calls_nothing_spam_there() -> None:
    received = "Received: from mail.b.test (mail.b.test [192.0.2.1]) by mx.google.com with ESMTPS id 2"
    assert not judged(received, "X-Spam-Flag: YES", authserv_id="mx.google.com")


def test_exchange_writes_its_level_at_the_end_and_keeps_others_from_it() -> None:
    assert judged(EXCHANGE, OUTSIDE, "From: a@b.org", "X-MS-Exchange-Organization-SCL: 5")
    assert not judged(EXCHANGE, OUTSIDE, "From: a@b.org", "X-MS-Exchange-Organization-SCL: 4")
    assert not judged(EXCHANGE, OUTSIDE, "From: a@b.org", "X-Spam-Flag: YES")
    assert not judged(OUTSIDE, EXCHANGE, "X-MS-Exchange-Organization-SCL: 9")
