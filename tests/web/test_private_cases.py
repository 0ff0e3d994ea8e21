"""What belongs to another team's private case is not there: not to read, not to change, by no door at all.

Every route is tried with the ids of private things; a secret word stands in everything that a person wrote.
"""

import pytest
from sqlalchemy import select, text

from inbox import clock
from inbox.actions.cases import open_case
from inbox.models import (
    Attachment,
    Conversation,
    Draft,
    Handoff,
    IntakeRecord,
    IntakeState,
    Model,
    Note,
    Suggestion,
    SuggestionKind,
    SuggestionState,
)
from tests.builders import Scene, a_conversation, a_strand, a_team, an_inbound_message, an_outbound_message
from tests.web.conftest import NewPerson, Person
from tests.web.routes import DOORS_OF_AGENTS, Door
from web.installation import Installation
from web.policy import WITH_BEARER

SECRET = "zanzibar"
ASKED = "quokka"  # stands beside it: a page may repeat what was searched for
BODIES: dict[str, dict[str, object]] = {
    "/messages": {"text": "hello"},
    "/split": {"strand_ids": ["STRAND"]},
    "/join": {"into": 987654},
    "/handoffs": {"to_agent_id": "AGENT", "reason": "mine now"},
    "/move": {"conversation_id": "CONVERSATION"},
    "/spam": {"spam": True},
    "/cases/{number:int}": {"status": "resolved", "subject": "mine now"},
}
# What everybody may do in the conversation of a private case: write in it, as a case of their own.
OF_PEOPLE = ("/settings", "/join", "/api/v1/agents")  # doors that name no conversation
KEPT = ("sessions", "api_tokens", "idempotency_keys", "read_marks", "drafts", "undos")


class Private:
    """A private case of another team with everything that a case can have."""

    def __init__(self, scene: Scene, ids: dict[str, str], questions: list[str]) -> None:
        self.scene = scene
        self.ids = ids
        self.questions = questions  # about a message of it, and about an answer to a strand of it

    def path(self, door: Door) -> str:
        """The door's address with the ids of what is private."""
        path = door.pattern.replace("{number:int}", str(self.scene.case.number))
        path = path.replace("{number}", str(self.scene.case.number))
        first = next((part for part in path.split("/") if part in self.ids), "")
        return path.replace("{id}", self.ids.get(first, "a" * 26))

    def body(self, door: Door) -> dict[str, object]:
        """What the door takes, naming private things."""
        suffix = next((suffix for suffix in BODIES if door.pattern.endswith(suffix)), "")
        body = dict(BODIES.get(suffix, {}))
        for name, value in body.items():
            if value == ["STRAND"]:
                body[name] = [self.ids["strands"]]
            elif value in ("AGENT", "CONVERSATION"):
                body[name] = self.ids[f"{str(value).lower()}s"]
        if suffix == "/messages":
            body["strand_id"] = self.ids["strands"]
        return body


@pytest.fixture
async def private(installation: Installation, ada: Person, maya: Person) -> Private:
    async with installation.database.transaction() as session:
        team = await a_team(session, ada.agent, name="Complaints")
        scene = await a_conversation(
            session, subject=f"{SECRET} {ASKED} subject", text=f"{SECRET} {ASKED} words"
        )
        scene.case.is_private, scene.case.team_id = True, team.id
        sent = await an_outbound_message(session, scene, by=ada.agent, text=f"{SECRET} {ASKED} answer")
        place = {"conversation_id": scene.conversation.id, "case_id": scene.case.id}
        note = Note(
            **place,
            origin_conversation_id=scene.conversation.id,
            author_id=ada.agent.id,
            text=f"{SECRET} {ASKED} remark",
        )
        handoff = Handoff(
            case_id=scene.case.id, from_agent_id=ada.agent.id, to_team_id=team.id, reason=f"{SECRET} reason"
        )
        file = Attachment(
            message_id=sent.id,
            digest=installation.blobs.put(SECRET.encode()),
            filename=f"{SECRET}.pdf",
            content_type="application/pdf",
            size=8,
        )
        raw = IntakeRecord(
            channel_id=scene.strand.channel_id,
            digest=installation.blobs.put(f"{SECRET} {ASKED} raw".encode()),
            size=len(f"{SECRET} {ASKED} raw"),
            source="ingest",
            source_ref=f"{SECRET}.eml",
            state=IntakeState.FILED,
            message_id=scene.messages[0].id,
        )
        elsewhere = await a_conversation(session, subject="Lamp")
        about, of = {"message_id": scene.messages[0].id}, {"strand_id": scene.strand.id}
        answered = {"message_id": elsewhere.messages[0].id} | of  # a stranger's words: everybody sees them
        questions = [
            Suggestion(
                kind=SuggestionKind.HELD_ANSWER,
                customer_id=scene.customer.id,
                other_customer_id=elsewhere.customer.id,
                conversation_id=scene.conversation.id,
                name=f"{SECRET} {number}",
                **places,
            )
            for number, places in enumerate((about, answered))
        ]
        session.add_all([note, handoff, file, raw, *questions])
        await session.flush()
        ids = {
            "conversations": scene.conversation.public_id,
            "customers": scene.customer.public_id,
            "messages": sent.public_id,
            "strands": scene.strand.public_id,
            "notes": note.public_id,
            "handoffs": handoff.public_id,
            "attachments": file.public_id,
            "intake": raw.public_id,
            "suggestions": questions[0].public_id,
            "agents": maya.agent.public_id,
        }
    return Private(scene, ids, [question.public_id for question in questions])


async def stored(installation: Installation) -> dict[str, list[object]]:
    """All rows of all tables that matter."""
    found: dict[str, list[object]] = {}
    async with installation.database.reading() as session:
        for table in Model.metadata.sorted_tables:
            if table.name not in KEPT:
                rows = await session.execute(text(f"SELECT * FROM {table.name} ORDER BY id"))
                found[table.name] = [tuple(row) for row in rows]
    return found


async def test_the_secret_is_there_for_its_own_team(ada: Person, private: Private) -> None:
    seen = 0
    for door in DOORS_OF_AGENTS:
        if door.is_safe and "events" not in door.pattern:
            client = ada.program if door.policy in WITH_BEARER else ada.browser
            seen += SECRET in (await client.get(private.path(door), timeout=20)).text

    assert seen >= 8, "the test below would mean nothing"


async def test_nobody_else_reads_a_word_of_it(maya: Person, private: Private) -> None:
    leaks: list[str] = []
    for door in DOORS_OF_AGENTS:
        if not door.is_safe:
            continue
        client = maya.program if door.policy in WITH_BEARER else maya.browser
        number = private.scene.case.number
        for query in ("", f"?q={ASKED}", f"?case={number}", f"?changed={number}"):
            answer = await client.get(private.path(door) + query, timeout=20)
            if answer.status_code >= 500 or SECRET in answer.text:
                leaks.append(f"{door}{query}: {answer.status_code}")

    assert not leaks, "\n".join(leaks)


async def test_beside_an_open_case_of_the_same_customer_it_is_hidden_too(
    ada: Person, maya: Person, private: Private, installation: Installation
) -> None:
    scene = private.scene
    async with installation.database.transaction() as session:
        conversation = await session.get_one(Conversation, scene.conversation.id)
        beside = await open_case(session, conversation, subject="Lamp", channel=scene.channel)
        strand = await a_strand(session, conversation, scene.channel, case=beside, identity=scene.identity)
        await an_inbound_message(session, scene, text="And a lamp?", strand=strand, case=beside)
        begun = {"conversation_id": conversation.id, "agent_id": ada.agent.id, "updated_at": clock.now()}
        session.add(Draft(kind="reply", strand_id=scene.strand.id, text=f"{SECRET} {ASKED} draft", **begun))
    of_both = ("/conversations/{id}", "/customers/{id}")
    leaks: list[str] = []
    opened = 0
    for door in DOORS_OF_AGENTS:
        if not door.is_safe or not door.pattern.removeprefix("/api/v1").startswith(of_both):
            continue
        client = maya.program if door.policy in WITH_BEARER else maya.browser
        path = private.path(door).replace("{agent}", ada.agent.public_id)
        for query in ("", f"?q={ASKED}", f"?case={beside.number}"):
            answer = await client.get(path + query, timeout=20)
            opened += answer.status_code == 200
            if answer.status_code >= 500 or SECRET in answer.text:
                leaks.append(f"{door}{query}: {answer.status_code}")

    assert opened > 20
    assert not leaks, "\n".join(leaks)


async def test_nobody_else_changes_anything_of_it(
    maya: Person, private: Private, installation: Installation, new_person: NewPerson
) -> None:
    opened: list[str] = []
    before = await stored(installation)
    for door in DOORS_OF_AGENTS:
        names_something = "{" in door.pattern and not door.pattern.startswith(OF_PEOPLE)
        is_about_the_customer = "/customers/" in door.pattern or "/merge" in door.pattern
        if door.is_safe or not names_something or is_about_the_customer:
            continue
        if door.policy in WITH_BEARER:
            answer = await maya.program.request(door.method, private.path(door), json=private.body(door))
        else:
            form = {"text": "x", "reason": "x", "to": private.ids["agents"], "strand": private.ids["strands"]}
            answer = await maya.browser.request(
                door.method, private.path(door), data=form, headers=maya.headers
            )
        if answer.status_code >= 500 or SECRET in answer.text:
            opened.append(f"{door}: {answer.status_code}")
        after = await stored(installation)
        if changed := [name for name in after if after[name] != before[name]]:
            opened.append(f"{door}: {answer.status_code} changed {changed}")
            before = after

    assert not opened, "\n".join(opened)


async def test_nobody_else_tells_a_visitor_that_it_was_seen(
    maya: Person, ada: Person, private: Private
) -> None:
    path = f"/conversations/{private.ids['conversations']}/read"

    assert (await maya.post(path, data={"position": "1"})).status_code == 404
    assert (await ada.post(path, data={"position": "1"})).status_code == 303


async def test_whose_an_answer_to_it_is_only_its_own_team_decides(
    ada: Person, maya: Person, private: Private, installation: Installation
) -> None:
    decision = {"decision": "someone_else"}
    for question in private.questions:
        assert (await maya.post(f"/suggestions/{question}", data=decision)).status_code == 404
        refused = await maya.program.post(f"/api/v1/suggestions/{question}", json=decision)
        assert refused.status_code == 404
    async with installation.database.reading() as session:
        assert set(await session.scalars(select(Suggestion.state))) == {SuggestionState.OPEN}
    listed = [(await one.program.get("/api/v1/suggestions")).json()["items"] for one in (maya, ada)]
    assert [len(items) for items in listed] == [0, 2]

    for question in private.questions:
        taken = await ada.program.post(f"/api/v1/suggestions/{question}", json=decision)
        assert taken.json()["state"] == "someone_else"
