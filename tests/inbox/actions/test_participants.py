"""Other people on a strand's mails."""

from sqlalchemy import select

from inbox.actions.participants import confirm
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.models import Event, EventKind, StrandParticipant
from tests.builders import a_conversation, an_agent


async def test_an_agent_confirms_somebody_once(database: Database, clock: FrozenClock) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        maya, tomas = await an_agent(session), await an_agent(session, name="Tomás")
        participant = StrandParticipant(strand_id=scene.strand.id, address="ben@mail.example", put_by="cc")
        session.add(participant)
        await session.flush()
        await confirm(session, participant, by=maya)
        await confirm(session, participant, by=tomas)
        assert (participant.confirmed_at, participant.confirmed_by_id) == (clock(), maya.id)
    async with database.reading() as session:
        (event,) = await session.scalars(select(Event).where(Event.kind == EventKind.PARTICIPANT_CONFIRMED))
        assert (event.conversation_id, event.case_id) == (scene.conversation.id, scene.case.id)
        assert event.data == {"strand": scene.strand.public_id}
