"""A mail in a real mailbox becomes a thread, and the answer to it a mail in its strand."""

from tests.services.correspondence import connect_mailbox, mail
from tests.services.dovecot import DovecotServer
from tests.services.server import RunningServer
from tests.services.smtp import SmtpSink


async def test_a_mail_is_answered_and_the_answer_lands_in_its_strand(
    server: RunningServer, dovecot: DovecotServer, smtp_sink: SmtpSink
) -> None:
    user = await connect_mailbox(server, dovecot, smtp_sink)
    first = mail("Inês Carvalho <ines@norte.test>", "Cracked lamp", "It arrived broken.")
    dovecot.deliver(user, first.as_bytes())
    found = await server.until("/conversations", lambda page: len(page["items"]) == 1)
    conversation = found["items"][0]

    path = f"/conversations/{conversation['id']}/messages"
    await server.api("POST", path, {"text": "A **new** one is on its way."})
    (accepted,) = await smtp_sink.arrival()
    sent = accepted.message
    dovecot.deliver(
        user,
        mail(
            "ines@norte.test",
            "AW: whatever",
            "Thank you!",
            references=(first["Message-ID"], sent["Message-ID"]),
        ).as_bytes(),
    )
    messages = (await server.until(path, lambda page: len(page["items"]) == 3))["items"]

    assert sent["To"] == "Inês Carvalho <ines@norte.test>" and "support@desk.test" in sent["From"]
    assert sent["Subject"] == "Re: Cracked lamp"
    assert sent["In-Reply-To"] == first["Message-ID"] and sent["References"] == first["Message-ID"]
    plain, html = sent.get_body(("plain",)), sent.get_body(("html",))
    assert plain is not None and "A **new** one" in plain.get_content()
    assert html is not None and "<strong>new</strong>" in html.get_content()
    assert len({message["strand_id"] for message in messages}) == 1
    assert [message["direction"] for message in messages] == ["inbound", "outbound", "inbound"]
    assert messages[1]["delivery"]["state"] == "sent"
    assert messages[2]["matched_by"]["rule"] in ("token", "reference")
    (case,) = (await server.api("GET", "/cases"))["items"]
    assert case["status"] == "open"


async def test_mail_that_cannot_be_parsed_is_quarantined_and_the_next_is_filed(
    server: RunningServer, dovecot: DovecotServer, smtp_sink: SmtpSink
) -> None:
    user = await connect_mailbox(server, dovecot, smtp_sink)
    bomb = b"From: a@bomb.test\r\nSubject: x\r\n" + b"X-H: y\r\n" * 5000 + b"\r\nbody"
    dovecot.deliver(user, bomb)
    dovecot.deliver(user, mail("kit@home.test", "After the bomb", "Still here.").as_bytes())

    await server.until("/conversations", lambda page: len(page["items"]) == 1)
    held = await server.until("/intake?state=quarantined", lambda page: len(page["items"]) == 1)

    assert held["items"][0]["reason"]
