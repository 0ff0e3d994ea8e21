"""The server is killed while mail comes in: nothing is lost, nothing comes twice, no thread is torn apart."""

from tests.services.correspondence import connect_mailbox
from tests.services.crashes import check_that_all_came_once, deliver_through_crashes, threads_of_mail
from tests.services.dovecot import DovecotServer
from tests.services.server import RunningServer
from tests.services.smtp import SmtpSink


async def test_every_mail_is_there_once_after_three_crashes(
    server: RunningServer, dovecot: DovecotServer, smtp_sink: SmtpSink
) -> None:
    mails = threads_of_mail(150)
    user = await connect_mailbox(server, dovecot, smtp_sink)
    await deliver_through_crashes(server, dovecot, user, mails, kills=3)
    check_that_all_came_once(server, mails)
