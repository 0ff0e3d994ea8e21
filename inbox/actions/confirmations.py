"""Telling somebody who sent a form that it has come in, where its channel asks for that.

The words are ours alone: whoever types a victim's address into a form can make us send this one mail a day to
them, and say nothing with it. An answer to it joins the submission, and proves the mailbox.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.automatic_mails import mailbox_for, send
from inbox.envelopes import ChannelKind
from inbox.models import AutomaticKind, AutomaticMail, Channel, Conversation, Customer, Message, Strand
from inbox.phrases import N_
from inbox.secrets import Keys
from inbox.words import ENGLISH, words_in

SUBJECT = N_("We have your message")
TEXT = N_(
    """Thank you. We have your message, and we will answer it by email.

If you want to add something, answer this mail.

If you did not write to us, somebody has typed your address by mistake. You need not do anything.
"""
)


async def confirm(
    session: AsyncSession, message_id: int, *, keys: Keys, language: str = ENGLISH
) -> AutomaticMail | None:
    """Confirm a submission to the address that was typed in it, in one of our languages.

    None where it is spam, where there is no address or no mailbox to write from, where a machine would read
    it, or where the address has had its one of today.
    """
    message = await session.get_one(Message, message_id)
    channel = await session.get_one(Channel, message.channel_id)
    if channel.kind != ChannelKind.FORM or not channel.settings.get("confirmation"):
        return None
    if message.is_spam or message.automatic or "@" not in message.author_address:
        return None
    conversation = await session.get_one(Conversation, message.conversation_id)
    customer = await session.get_one(Customer, conversation.customer_id)
    mailbox = await mailbox_for(session, channel)
    if customer.marks or mailbox is None:
        return None
    return await send(
        session,
        kind=AutomaticKind.CONFIRMATION,
        mailbox=mailbox,
        address=message.author_address,
        subject=words_in(language).said(SUBJECT),
        text=words_in(language).said(TEXT),
        keys=keys,
        strand=await session.get_one(Strand, message.strand_id),
    )
