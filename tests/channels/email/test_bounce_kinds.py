"""How the servers of many houses and languages report that a mail did not arrive, in words of our own."""

from pathlib import Path

import pytest

from channels.email.parser import MailContext, parse

KINDS = Path(__file__).parents[2] / "emails" / "kinds"
CONTEXT = MailContext(mailbox_address="support@company.test")


@pytest.mark.parametrize(
    "kind",
    (KINDS / "bounces.txt").read_text().rstrip("\n").split("\n%%\n"),
    ids=lambda kind: kind.partition(":")[0],
)
def test_a_report_names_whom_it_is_about_and_what_became_of_the_mail(kind: str) -> None:
    head, _, mail = kind.partition("\n")
    expected = head.partition(": ")[2]
    bounce = parse(mail.encode(), context=CONTEXT, store=lambda content: "").bounce
    if expected == "no bounce":
        assert bounce is None
        return
    assert bounce is not None
    action, addresses, status, linked = expected.split()
    assert sorted(one.address for one in bounce.recipients) == sorted(addresses.split(","))
    assert {str(one.action) for one in bounce.recipients} == {action}
    assert status == "-" or {one.status for one in bounce.recipients} == {status}
    assert linked == "unlinked" or bounce.message_ids != ()
