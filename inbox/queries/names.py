"""The public names behind internal keys, read for a whole list at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Agent, AuthorKind, Case, Channel, Conversation, Customer, Message, Strand, Team


@dataclass(slots=True)
class Names:
    """Public ids by internal key; `cases` are numbers; `customers` by conversation."""

    conversations: dict[int, str] = field(default_factory=dict)
    customers: dict[int, str] = field(default_factory=dict)
    strands: dict[int, str] = field(default_factory=dict)
    cases: dict[int, int] = field(default_factory=dict)
    agents: dict[int, str] = field(default_factory=dict)
    teams: dict[int, str] = field(default_factory=dict)

    def author(self, message: Message) -> str | None:
        """The author's public id, where they have one."""
        if message.author_kind == AuthorKind.AGENT and message.author_agent_id is not None:
            return self.agents.get(message.author_agent_id)
        if message.author_kind == AuthorKind.CUSTOMER:
            return self.customers.get(message.conversation_id)
        return None


async def of_messages(session: AsyncSession, messages: Sequence[Message]) -> Names:
    """The names that the JSON of these messages needs."""
    names = await of_conversations(session, {m.conversation_id for m in messages})
    await add_cases(session, names, {m.case_id for m in messages if m.case_id})
    strands = select(Strand.id, Strand.public_id).where(Strand.id.in_({m.strand_id for m in messages}))
    names.strands |= {key: name for key, name in await session.execute(strands)}
    await add_agents(session, names, {m.author_agent_id for m in messages if m.author_agent_id})
    return names


async def of_strand(session: AsyncSession, strand: Strand) -> Names:
    """The number of the case where a strand's next message goes."""
    names = Names()
    await add_cases(session, names, {strand.case_id} if strand.case_id else ())
    return names


async def of_conversations(session: AsyncSession, ids: Iterable[int]) -> Names:
    """Conversations and their customers."""
    query = (
        select(Conversation.id, Conversation.public_id, Customer.public_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(Conversation.id.in_(set(ids)))
    )
    names = Names()
    for key, conversation, customer in await session.execute(query):
        names.conversations[key], names.customers[key] = conversation, customer
    return names


async def add_cases(session: AsyncSession, names: Names, ids: Iterable[int]) -> None:
    query = select(Case.id, Case.number).where(Case.id.in_(set(ids)))
    names.cases |= {key: number for key, number in await session.execute(query)}


async def add_agents(session: AsyncSession, names: Names, ids: Iterable[int]) -> None:
    query = select(Agent.id, Agent.public_id).where(Agent.id.in_(set(ids)))
    names.agents |= {key: name for key, name in await session.execute(query)}


async def add_teams(session: AsyncSession, names: Names, ids: Iterable[int]) -> None:
    query = select(Team.id, Team.public_id).where(Team.id.in_(set(ids)))
    names.teams |= {key: name for key, name in await session.execute(query)}


async def customer_ids(session: AsyncSession, ids: Iterable[int]) -> dict[int, str]:
    """Public ids of customers by internal key."""
    query = select(Customer.id, Customer.public_id).where(Customer.id.in_(set(ids)))
    return {key: name for key, name in await session.execute(query)}


async def channel_ids(session: AsyncSession, ids: Iterable[int]) -> dict[int, str]:
    """Public ids of channels by internal key."""
    query = select(Channel.id, Channel.public_id).where(Channel.id.in_(set(ids)))
    return {key: name for key, name in await session.execute(query)}
