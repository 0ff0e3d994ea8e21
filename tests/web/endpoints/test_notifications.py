"""The bell: its page, what pages are told as it happens, and reading."""

import re
from collections.abc import AsyncIterator

import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from inbox.actions.handoffs import offer
from inbox.actions.notes import add_note
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.models import Case, Conversation, NotificationChoices, Setting
from inbox.notifier import Notifier
from tests.builders import Scene, an_inbound_message
from tests.web.conftest import NewPerson, Person
from tests.web.endpoints.conftest import SCRIPT
from web.live.notices import FRAME, Notices


@pytest.fixture
async def told(sqlite_database: Database, scene: Scene, maya: Person) -> AsyncIterator[Notifier]:
    """Maya has been told that her customer wrote twice more."""
    notifier = Notifier(sqlite_database)
    await notifier.tell_what_is_due()
    async with sqlite_database.transaction() as session:
        for text in ("Is anybody there?", "Hello?"):
            await an_inbound_message(session, scene, text=text)
    await notifier.tell_what_is_due()
    yield notifier


async def news(person: Person, after: str = "") -> HTMLParser:
    answer = await person.browser.get("/notifications/news", params={"after": after})
    assert answer.status_code == 200
    return HTMLParser(answer.text)


def announced(page: HTMLParser, name: str) -> list[str | None]:
    return [one.attributes[name] for one in page.css("p[data-id]")]


def figure_of(text: str) -> str:
    found = re.search(r'data-counter="notifications">(\d*)<', text)
    assert found is not None
    return found[1]


async def test_the_bell_counts_conversations_and_says_what_waits(told: Notifier, maya: Person) -> None:
    page = await maya.browser.get("/notifications")

    assert figure_of(page.text) == "1"
    assert "<title>(1) Notifications" in page.text
    assert "Ana Sousa wrote 2 messages" in page.text
    assert "Hello?" in page.text


async def test_a_form_without_a_script_reads_one_or_all(told: Notifier, maya: Person) -> None:
    page = HTMLParser((await maya.browser.get("/notifications")).text)
    ids = [one.attributes["value"] for one in page.css("li [name=id]")]

    one = await maya.post("/notifications/read", data={"id": ids[:1]})
    after_one = (await maya.browser.get("/notifications")).text
    everything = await maya.post("/notifications/read")
    after_all = (await maya.browser.get("/notifications")).text

    assert (one.status_code, one.headers["location"]) == (303, "/notifications")
    assert (figure_of(after_one), figure_of(after_all)) == ("1", "")
    assert everything.status_code == 303
    assert "Mark as read" not in after_all and "Ana Sousa wrote" in after_all


async def test_looking_at_the_conversation_reads_it(told: Notifier, maya: Person, scene: Scene) -> None:
    path = f"/conversations/{scene.conversation.public_id}/read"

    answer = await maya.post(path, data={"position": "1"}, headers=SCRIPT)

    assert answer.status_code == 204
    assert figure_of((await maya.browser.get("/inbox/mine")).text) == ""


async def test_a_page_is_told_what_to_announce_and_how(told: Notifier, maya: Person) -> None:
    page = await news(maya)
    first, second = announced(page, "data-id")
    rest = await news(maya, first or "")

    assert announced(page, "data-sound") == ["soft", "soft"]
    assert announced(page, "data-alert") == ["hidden", "hidden"]
    assert announced(page, "data-title") == ["Ana Sousa wrote"] * 2
    assert announced(rest, "data-id") == [second]
    [standing] = page.css("[data-unread]")
    assert (standing.attributes["data-unread"] or "").split() == [second, first]


async def test_words_of_customers_leave_the_pages_only_where_the_workspace_allows_it(
    told: Notifier, maya: Person, sqlite_database: Database
) -> None:
    before = await news(maya)
    async with sqlite_database.transaction() as session:
        session.add(Setting(name="notifications", value={"texts": True}))
    after = await news(maya)

    assert "Hello?" not in (before.html or "")
    assert [one.text() for one in after.css("p[data-id]")] == ["Is anybody there?", "Hello?"]


async def test_a_note_never_leaves_the_pages(
    told: Notifier, maya: Person, new_person: NewPerson, scene: Scene, sqlite_database: Database
) -> None:
    priya = await new_person("Priya Nair")
    async with sqlite_database.transaction() as session:
        session.add(Setting(name="notifications", value={"texts": True}))
        conversation = await session.get_one(Conversation, scene.conversation.id)
        case = await session.get_one(Case, scene.case.id)
        await add_note(session, conversation, by=maya.agent, text="@Priya he is furious")
        await offer(session, case, to=priya.agent, by=maya.agent, reason="Too hot for me")
    await told.tell_what_is_due()

    page = await news(priya)

    assert announced(page, "data-title") == [
        "Maya Okafor mentioned you: Ana Sousa",
        "Maya Okafor offers you Ana Sousa",
    ]
    assert "furious" not in (page.html or "") and "hot" not in (page.html or "")


async def test_in_quiet_hours_only_the_list_tells(
    told: Notifier, maya: Person, sqlite_database: Database, clock: FrozenClock
) -> None:
    quiet = {"quiet_from": "22:00", "quiet_until": "12:00", "time_zone": "Europe/Lisbon"}
    async with sqlite_database.transaction() as session:
        session.add(NotificationChoices(agent_id=maya.agent.id, **quiet))
    page = await news(maya)

    assert announced(page, "data-sound") == ["none", "none"]
    assert announced(page, "data-alert") == ["never", "never"]
    assert figure_of(page.html or "") == "1"


class OpenPage:
    """A socket of an agent's, which notes what it is told."""

    def __init__(self, agent_id: int) -> None:
        self.agent_id = agent_id
        self.frames: list[str] = []

    def whisper(self, key: str, frame: str) -> None:
        self.frames.append(frame)


async def test_every_page_of_the_agent_hears_that_it_was_read_elsewhere_and_nobody_elses(
    told: Notifier, maya: Person, new_person: NewPerson, sqlite_database: Database
) -> None:
    tom = await new_person("Tom Rivera")
    laptop, phone, other = (OpenPage(one.agent.id) for one in (maya, maya, tom))
    notices = Notices(sqlite_database, lambda: (laptop, phone, other))
    await notices.look()

    await notices.look()
    unchanged = list(laptop.frames)
    await maya.post("/notifications/read")
    await notices.look()

    assert unchanged == []
    assert (laptop.frames, phone.frames, other.frames) == ([FRAME], [FRAME], [])
