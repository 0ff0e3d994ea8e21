"""What is drawn quickly looks as its templates say."""

from dataclasses import replace

import pytest
from jinja2 import Environment, PackageLoader, StrictUndefined, UndefinedError
from markupsafe import Markup

from inbox import clock
from inbox.actors import SYSTEM
from inbox.db import Database
from inbox.queries import timelines
from inbox.queries.shown import Entry, Face, NoteStretch, ShownNote
from tests.web.live.test_fragments import everything
from web.drawn import DrawnEntries
from web.templating import environment
from web.wording import speak

PLAIN = Environment(autoescape=True, undefined=StrictUndefined)


def a_note(text: str, *, position: int = 1, public_id: str = "a") -> Entry:
    """An entry that needs nothing else."""
    author = Face("Maya Okafor", "MO", 1, "maya")
    note = ShownNote(
        public_id=public_id, author=author, words=(NoteStretch(text),), mentioned=(), edited_at=None
    )
    return Entry(
        position=position,
        at=clock.now(),
        conversation_id="c",
        case_number=1042,
        guarded_case_id=None,
        shown=note,
    )


def drawing(**options: int) -> DrawnEntries:
    return DrawnEntries(environment(), **options)


async def test_parts_in_place_draw_what_parts_that_are_included_draw(sqlite_database: Database) -> None:
    scene = await everything(sqlite_database, "words <b>")
    async with sqlite_database.reading() as session:
        page = await timelines.newest(session, scene.conversation, SYSTEM)
    included = Environment(
        loader=PackageLoader("web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    speak(included, "en")

    for template in ("timeline/_entry.html", "live/redraw.html"):
        quick, slow = environment().get_template(template), included.get_template(template)
        for entry in page.entries:
            assert quick.render(entry=entry) == slow.render(entry=entry)
            assert template != "timeline/_entry.html" or drawing()(entry) == slow.render(entry=entry)


@pytest.mark.parametrize(
    "value", ["a <b> & 'c' \"d\"", Markup("<i>"), 12, 1.5, None, True, ["<"], Face("<", "<", 1)]
)
def test_values_come_out_as_jinja_puts_them(value: object) -> None:
    source = "{{ value }}{{ '<y>' if value }}{{ 'z' if not value }}{{ 'a' ~ value }}"

    assert environment().from_string(source).render(value=value) == PLAIN.from_string(source).render(
        value=value
    )


def test_a_name_that_is_not_there_is_an_error_still() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ nothing }}").render()


def test_an_entry_that_looks_the_same_is_drawn_once() -> None:
    draw, entry = drawing(), a_note("hello")

    assert draw(entry) is draw(replace(entry))


def test_an_entry_that_has_changed_is_drawn_anew() -> None:
    draw, entry = drawing(), a_note("hello")
    before = draw(entry)

    edited = replace(a_note("goodbye"), at=entry.at)

    assert "hello" in before and "goodbye" in draw(edited) and "hello" not in draw(edited)


def test_what_was_drawn_longest_ago_makes_room() -> None:
    first, second = a_note("first", public_id="a"), a_note("second", position=2, public_id="b")
    draw = drawing(most_characters=len(drawing()(first)) + 20)
    before = draw(first)

    draw(second)

    assert draw(first) == before
    assert draw(first) is not before
