"""Whether a mailbox can be reached, for the command line and the settings page."""

import asyncio

from channels.email.mailbox import Mailbox
from channels.email.sender import EmailSender
from channels.email.servers import imap_server
from inbox.blobs import BlobStore
from inbox.envelopes import Account
from inbox.errors import Invalid


async def check_account(account: Account, blobs: BlobStore) -> list[str]:
    """Log in where the account says; one sentence for each thing that is wrong."""
    troubles: list[str] = []
    if account.imap_url:
        try:
            mailbox = Mailbox(imap_server(account), read_only=True)
            trouble = await asyncio.to_thread(mailbox.check)
        except Invalid as error:
            trouble = str(error)
        troubles += [f"IMAP: {trouble}"] if trouble else []
    if account.smtp_url:
        trouble = await EmailSender(blobs.read).check(account)
        troubles += [f"SMTP: {trouble}"] if trouble else []
    if not account.imap_url and not account.smtp_url:
        troubles.append("It has neither an IMAP nor an SMTP server yet.")
    return troubles
