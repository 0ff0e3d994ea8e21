"""Drafts: one reply and one note for each agent and conversation."""

import pytest
from sqlalchemy import select

from inbox.actions.drafts import DraftChanged, discard_draft, save_draft, version_of
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.errors import Invalid
from inbox.models import Draft
from tests.builders import a_conversation, an_agent


async def test_the_later_draft_stands_and_an_empty_one_is_none(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        for by, kind, text in (
            (maya, "reply", "Hi"),
            (maya, "note", "Ask"),
            (priya, "reply", "Hello"),
            (maya, "reply", "Hi Greta,"),
        ):
            await save_draft(session, scene.conversation, by=by, kind=kind, text=text, strand=scene.strand)
        emptied = await save_draft(session, scene.conversation, by=maya, kind="note", text=" ")
        await discard_draft(session, scene.conversation, by=priya, kind="reply")

    async with database.reading() as session:
        left = (await session.scalars(select(Draft))).one()
    assert emptied is None
    assert (left.agent_id, left.text, left.strand_id) == (maya.id, "Hi Greta,", scene.strand.id)


async def test_a_draft_is_of_a_reply_or_a_note(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        with pytest.raises(Invalid):
            await save_draft(session, scene.conversation, by=await an_agent(session), kind="poem", text="O")


async def test_a_draft_that_was_changed_elsewhere_is_not_written_over(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        scene, maya = await a_conversation(session), await an_agent(session)

        async def save(text: str, based_on: str | None) -> str:
            draft = await save_draft(
                session, scene.conversation, by=maya, kind="reply", text=text, based_on=based_on
            )
            clock.advance(seconds=1)
            return version_of(draft)

        first = await save("On the desk", "")
        second = await save("On the phone", first)
        with pytest.raises(DraftChanged) as changed:
            await save("On the desk, more", first)
        assert (changed.value.text, changed.value.version) == ("On the phone", second)
        with pytest.raises(DraftChanged):
            await save("", first)
        assert await save("On the phone", first), "the same words are no conflict"
        assert await save("On the desk after all", None)
