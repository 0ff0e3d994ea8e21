"""Whether a mailbox can be reached, for the command line and the settings page."""

from channels.email.grants import AccessTokens
from channels.email.receiver import check_mailbox
from channels.email.sender import EmailSender
from inbox.envelopes import Account
from inbox.phrases import N_
from web.installation import Installation


async def check_account(account: Account, installation: Installation) -> list[str]:
    """Log in where the account says; one sentence for each thing that is wrong."""
    tokens = AccessTokens(installation.database, installation.keys, installation.settings)
    troubles: list[str] = []
    if account.imap_url:
        trouble = await check_mailbox(
            account,
            token=(lambda refused: tokens.token(account.channel_id, refused=refused))
            if account.sign_in
            else None,
        )
        troubles += [f"IMAP: {trouble}"] if trouble else []
    if account.smtp_url:
        trouble = await EmailSender(installation.blobs.read, tokens=tokens).check(account)
        troubles += [f"SMTP: {trouble}"] if trouble else []
    if not account.imap_url and not account.smtp_url:
        troubles.append(N_("It has neither an IMAP nor an SMTP server yet."))
    return troubles
