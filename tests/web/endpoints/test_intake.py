"""Settings → Quarantine."""

import pytest
from sqlalchemy import select

from inbox.actions import channels as ways
from inbox.actors import SYSTEM
from inbox.envelopes import ChannelKind
from inbox.models import Case, Channel, Customer, IntakeRecord, IntakeState
from tests.web.conftest import Person
from web.installation import Installation

BROKEN = (
    b"From: broken@mailer.example\r\nSubject: <script>alert(1)</script>\r\n"
    + b"X-Trace: 0\r\n" * 1500
    + b"\r\n"
)
AWAY = (
    b"From: Nordic Timber <sales@timber.example>\r\nTo: help@shop.example\r\nSubject: Away\r\n"
    b"Auto-Submitted: auto-replied\r\nMessage-ID: <away@timber.example>\r\n\r\nClosed until Monday.\r\n"
)


@pytest.fixture
async def mailbox(installation: Installation) -> Channel:
    async with installation.database.transaction() as session:
        return await ways.add_channel(
            session,
            kind=ChannelKind.EMAIL,
            name="Support",
            address="help@shop.example",
            by=SYSTEM,
            keys=installation.keys,
        )


async def the_record(installation: Installation) -> IntakeRecord:
    async with installation.database.reading() as session:
        return (await session.scalars(select(IntakeRecord))).one()


async def test_what_could_not_be_read_is_listed_with_its_reason(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    await installation.intake.submit(mailbox.id, "lmtp", BROKEN)

    page = (await maya.browser.get("/settings/intake")).text

    assert "broken@mailer.example" in page
    assert "1,000 lines" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


async def test_the_raw_bytes_are_a_download_and_never_a_page(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    await installation.intake.submit(mailbox.id, "lmtp", BROKEN)
    record = await the_record(installation)

    answer = await maya.browser.get(f"/settings/intake/{record.public_id}/raw")

    assert answer.content == BROKEN
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="{record.public_id}.eml"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_trying_again_tells_why_it_still_cannot_be_read(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    await installation.intake.submit(mailbox.id, "lmtp", BROKEN)
    record = await the_record(installation)

    answer = await maya.post(f"/settings/intake/{record.public_id}/retry", follow_redirects=True)

    again = await the_record(installation)
    assert "Tried again: " in answer.text
    assert (again.state, again.attempts) == (IntakeState.QUARANTINED, 2)


async def test_automatic_mail_becomes_a_customer_only_when_somebody_files_it(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    await installation.intake.submit(mailbox.id, "lmtp", AWAY)
    record = await the_record(installation)
    assert record.state == IntakeState.IGNORED
    assert "sales@timber.example" in (await maya.browser.get("/settings/intake?tab=automatic")).text

    answer = await maya.post(f"/settings/intake/{record.public_id}/file", follow_redirects=True)

    assert "Filed." in answer.text
    assert "/conversations/" in answer.text
    async with installation.database.reading() as session:
        customer = (await session.scalars(select(Customer))).one()
        case = (await session.scalars(select(Case))).one()
    assert customer.name == "Nordic Timber"
    assert case.subject == "Away"


async def test_trying_again_alone_leaves_automatic_mail_where_it_is(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    await installation.intake.submit(mailbox.id, "lmtp", AWAY)
    record = await the_record(installation)

    await maya.post(f"/settings/intake/{record.public_id}/retry")

    assert (await the_record(installation)).state == IntakeState.IGNORED


async def test_what_was_filed_cannot_be_filed_twice(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    await installation.intake.submit(mailbox.id, "lmtp", AWAY)
    record = await the_record(installation)
    await maya.post(f"/settings/intake/{record.public_id}/file")

    answer = await maya.post(f"/settings/intake/{record.public_id}/file")

    assert answer.status_code == 409


async def test_long_lists_go_on_page_by_page(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    for number in range(53):
        await installation.intake.submit(
            mailbox.id, "lmtp", BROKEN.replace(b"X-Trace: 0", b"X-%d: 0" % number)
        )

    first = (await maya.browser.get("/settings/intake")).text
    older = first[first.index("/settings/intake?tab=quarantined&amp;before=") :].partition('"')[0]
    second = (await maya.browser.get(older.replace("&amp;", "&"))).text

    assert first.count("Try again") == 50
    assert second.count("Try again") == 3


async def test_every_page_of_the_settings_says_how_many_wait(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    await installation.intake.submit(mailbox.id, "lmtp", BROKEN)

    assert '<b class="warn">1</b>' in (await maya.browser.get("/settings/profile")).text


REPORT = (
    b"From: MAILER-DAEMON@mx.example\r\nTo: help@shop.example\r\nSubject: Undelivered Mail Returned\r\n"
    b"Message-ID: <report@mx.example>\r\nContent-Type: multipart/report; report-type=delivery-status;"
    b" boundary=b\r\n\r\n--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; ana@mail.example\r\nAction: failed\r\n"
    b"Status: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
    b"Message-ID: <nobody-sent-this@shop.example>\r\n\r\n--b--\r\n"
)


async def test_a_report_that_matches_no_mail_of_ours_stands_apart_and_changes_nothing(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    await installation.intake.submit(mailbox.id, "lmtp", REPORT)
    await installation.intake.submit(mailbox.id, "lmtp", AWAY)

    reports = (await maya.browser.get("/settings/intake?tab=reports")).text
    automatic = (await maya.browser.get("/settings/intake?tab=automatic")).text

    assert "MAILER-DAEMON@mx.example" in reports and "sales@timber.example" not in reports
    assert "sales@timber.example" in automatic and "MAILER-DAEMON@mx.example" not in automatic
    async with installation.database.reading() as session:
        assert (await session.scalars(select(Customer))).all() == []
