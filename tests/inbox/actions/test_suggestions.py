"""Same person, colleague or someone else: what each answer does."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.claims import claim_address
from inbox.actions.events import write_events
from inbox.actions.suggestions import decide
from inbox.db import Database
from inbox.errors import Conflict, Invalid
from inbox.models import (
    AuthorKind,
    Claim,
    ClaimState,
    Event,
    EventKind,
    Identity,
    Merge,
    Status,
    StrandParticipant,
    Suggestion,
    SuggestionKind,
    SuggestionState,
)
from inbox.queries.visitors import visible_messages
from tests.builders import (
    Scene,
    a_conversation,
    a_customer,
    a_webchat_channel,
    an_agent,
    an_inbound_message,
)


async def a_held_answer(session: AsyncSession) -> tuple[Scene, Scene, Suggestion]:
    """Ben has answered a mail of Ana's; it stands in a conversation of his own."""
    ana = await a_conversation(session)
    ben = await a_conversation(session, customer=await a_customer(session, name="Ben"), text="I know more")
    card = Suggestion(
        kind=SuggestionKind.HELD_ANSWER,
        customer_id=ana.customer.id,
        other_customer_id=ben.customer.id,
        conversation_id=ana.conversation.id,
        strand_id=ana.strand.id,
        message_id=ben.messages[0].id,
        address=ben.identity.address,
        name="Ben",
    )
    session.add(card)
    await session.flush()
    await write_events(session)
    return ana, ben, card


async def test_the_same_person_joins_those_whose_strand_it_is(database: Database) -> None:
    async with database.transaction() as session:
        ana, ben, card = await a_held_answer(session)
        agent = await an_agent(session)
        await decide(session, card, "same_person", by=agent)
        assert (card.state, card.decided_by_id) == (SuggestionState.SAME_PERSON, agent.id)
        assert ben.identity.customer_id == ana.customer.id
        (merged,) = await session.scalars(select(Merge))
        assert (merged.kept_customer_id, merged.on_proof) == (ana.customer.id, False)
    async with database.reading() as session:
        kinds = list(await session.scalars(select(Event.kind).order_by(Event.position)))
        assert kinds.count(EventKind.SUGGESTION_DECIDED) == kinds.count(EventKind.CUSTOMER_MERGED) == 1


async def test_a_colleague_is_confirmed_and_all_their_answers_move_to_the_strand(
    database: Database,
) -> None:
    async with database.transaction() as session:
        ana, ben, card = await a_held_answer(session)
        agent = await an_agent(session)
        second = await an_inbound_message(session, ben, text="And this")
        other = Suggestion(
            kind=SuggestionKind.HELD_ANSWER,
            customer_id=ana.customer.id,
            other_customer_id=ben.customer.id,
            conversation_id=ana.conversation.id,
            strand_id=ana.strand.id,
            message_id=second.id,
            address=ben.identity.address,
        )
        session.add(other)
        await session.flush()
        await write_events(session)
        await decide(session, card, "colleague", by=agent)
        (participant,) = await session.scalars(select(StrandParticipant))
        assert (participant.address, participant.confirmed) == (ben.identity.address, True)
        assert participant.confirmed_by_id == agent.id
        for message in (ben.messages[0], second):
            assert (message.strand_id, message.case_id) == (ana.strand.id, ana.case.id)
            assert message.author_kind == AuthorKind.PARTICIPANT
        assert card.state == other.state == SuggestionState.COLLEAGUE
        assert ben.identity.customer_id == ben.customer.id
        assert (ben.case.status, ana.case.preview) == (Status.RESOLVED, "And this")
        assert await session.scalar(select(Merge.id)) is None


async def test_someone_else_joins_nothing(database: Database) -> None:
    async with database.transaction() as session:
        _, ben, card = await a_held_answer(session)
        agent = await an_agent(session)
        await decide(session, card, "someone_else", by=agent)
        assert card.state == SuggestionState.SOMEONE_ELSE
        assert ben.messages[0].conversation_id == ben.conversation.id
        assert await session.scalar(select(StrandParticipant.id)) is None
        assert await session.scalar(select(Merge.id)) is None


async def a_claim(session: AsyncSession) -> tuple[Scene, Scene, Suggestion]:
    """A visitor has typed Ana's address."""
    ana = await a_conversation(session)
    chat = await a_conversation(
        session, customer=await a_customer(session), channel=await a_webchat_channel(session), text="Hello?"
    )
    await claim_address(session, chat.customer, ana.identity.address, "webchat")
    return ana, chat, (await session.scalars(select(Suggestion))).one()


async def test_a_typed_address_that_is_theirs_joins_the_owners_thread_and_shows_the_browser_nothing(
    database: Database,
) -> None:
    async with database.transaction() as session:
        ana, chat, card = await a_claim(session)
        agent = await an_agent(session)
        await decide(session, card, "same_person", by=agent)
        assert chat.identity.customer_id == ana.customer.id
        (claim,) = await session.scalars(select(Claim))
        assert claim.state == ClaimState.CONFIRMED
        await write_events(session)
        visitor = await session.get_one(Identity, chat.identity.id)
        assert [message.text for message in await visible_messages(session, visitor)] == ["Hello?"]


async def test_a_dismissed_claim_is_not_asked_about_again(database: Database) -> None:
    async with database.transaction() as session:
        ana, chat, card = await a_claim(session)
        agent = await an_agent(session)
        await decide(session, card, "someone_else", by=agent)
        claim = await claim_address(session, chat.customer, ana.identity.address, "webchat")
        assert claim is not None and claim.state == ClaimState.DISMISSED
        assert len((await session.scalars(select(Suggestion))).all()) == 1


async def test_a_question_is_answered_once_and_only_with_what_it_offers(database: Database) -> None:
    async with database.transaction() as session:
        _, _, card = await a_claim(session)
        agent = await an_agent(session)
        for wrong in ("colleague", "perhaps"):
            with pytest.raises(Invalid):
                await decide(session, card, wrong, by=agent)
        await decide(session, card, "someone_else", by=agent)
        with pytest.raises(Conflict):
            await decide(session, card, "same_person", by=agent)
