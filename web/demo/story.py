"""Reads story.toml: who the customers are, what they have written and what they go on writing."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from inbox.models import Priority, Status
from web.demo import steps
from web.demo.letters import Person

_KINDS: Mapping[str, type[steps.Step]] = {
    kind.__name__.lower(): kind
    for kind in (
        steps.Mail,
        steps.Chat,
        steps.Form,
        steps.Reply,
        steps.Note,
        steps.Assign,
        steps.Offer,
        steps.Accept,
        steps.Snooze,
        steps.Resolve,
        steps.Spam,
        steps.Mark,
        steps.Raw,
    )
}


@dataclass(frozen=True, slots=True)
class Line:
    """Something that a customer may write; `{order}` and `{first}` are filled in."""

    way: str
    text: str
    subject: str = ""
    wish: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    people: Mapping[str, Person]
    past: tuple[steps.Step, ...]
    lines: tuple[Line, ...]
    answers: tuple[str, ...]
    writing_on: tuple[str, ...]


@cache
def story() -> Story:
    """The story of Harbour & Pine."""
    told = tomllib.loads((Path(__file__).parent / "story.toml").read_text())
    people = {key: Person(**facts) for key, facts in told["people"].items()}
    return Story(
        people=people,
        past=tuple(_step(facts, people) for facts in told["steps"]),
        lines=tuple(Line(**facts) for facts in told["lines"]),
        answers=tuple(facts["text"] for facts in told["answers"]),
        writing_on=tuple(told["writing_on"]),
    )


def _step(facts: Mapping[str, Any], people: Mapping[str, Person]) -> steps.Step:
    given = {**facts, "who": people[facts["who"]], "ago": float(facts["ago"])}
    kind = _KINDS[given.pop("do")]
    for name in ("tags", "headers"):
        if name in given:
            given[name] = tuple(given[name])
    if "then" in given:
        given["then"] = Status(given["then"])
    if "priority" in given:
        given["priority"] = Priority(given["priority"])
    if kind is steps.Raw:
        repeated = given.pop("repeat", {"line": "", "times": 0})
        given["content"] = (given["content"] + f"{repeated['line']}\n" * repeated["times"]).encode()
    return kind(**given)
