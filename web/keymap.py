"""The keys of the agents' screens: what each does, which can be changed, and what an agent has made of them.

Templates and scripts name a key as it is by default (`data-key="e"`); web/static/keys.js knows what an agent
presses instead. Keys with Ctrl are no single letters and stay as they are (WCAG 2.2, 2.1.4 is about letters).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import FormData

from inbox.errors import Invalid
from inbox.phrases import N_, phrase

# One sign that is printed, or two of them, pressed one after the other.
_PRESSABLE = re.compile(r"[^\s\x00-\x1f\x7f]( [^\s\x00-\x1f\x7f])?")


@dataclass(frozen=True, slots=True)
class Key:
    """What a key does, in a word or two. `default` is how templates call it; `name` how a form does."""

    name: str
    default: str
    does: str
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    keys: tuple[Key, ...]


GROUPS: tuple[Group, ...] = (
    Group(
        N_("Move"),
        (
            Key("next", "j", N_("next in the list")),
            Key("previous", "k", N_("previous in the list")),
            Key("open", "o", N_("open")),
            Key("peek", "Space", N_("peek: look without opening"), is_fixed=True),
            Key("next_message", "J", N_("next message")),
            Key("previous_message", "K", N_("previous message")),
            Key("find", "f", N_("find in this conversation")),
            Key("search", "/", N_("search")),
            Key("palette", "Ctrl K", N_("go to or do anything"), is_fixed=True),
            Key("mine", "g m", N_("go to Mine")),
            Key("mentions", "g @", N_("go to Mentions")),
            Key("unassigned", "g u", N_("go to Unassigned")),
            Key("all", "g a", N_("go to All open")),
            Key("pending", "g p", N_("go to Pending")),
            Key("snoozed", "g s", N_("go to Snoozed")),
            Key("resolved", "g r", N_("go to Resolved")),
            Key("views", "1 … 9", N_("saved views"), is_fixed=True),
            Key("navigation", "[", N_("show or hide the views")),
            Key("customer", "]", N_("show or hide the customer")),
            Key("panes", "F6", N_("from pane to pane"), is_fixed=True),
            Key("out", "Esc", N_("out: menu, reply, conversation, list"), is_fixed=True),
            Key("help", "?", N_("these keys")),
        ),
    ),
    Group(
        N_("Act"),
        (
            Key("resolve", "e", N_("resolve, or reopen")),
            Key("snooze", "h", N_("snooze")),
            Key("assign", "a", N_("assign")),
            Key("take", "i", N_("assign to me")),
            Key("hand_off", "t", N_("hand off")),
            Key("tag", "l", N_("tag")),
            Key("unread", "u", N_("mark unread")),
            Key("star", "s", N_("star")),
            Key("follow", "F", N_("follow")),
            Key("mute", "m", N_("mute")),
            Key("tick", "x", N_("tick")),
            Key("tick_range", "X", N_("tick up to here")),
            Key("tick_all", "Ctrl A", N_("tick all that are shown"), is_fixed=True),
            Key("take_next", "N", N_("take the next that nobody has")),
            Key("undo", "z", N_("take back what was done last")),
        ),
    ),
    Group(
        N_("Write"),
        (
            Key("reply", "r", N_("reply")),
            Key("note", "n", N_("note")),
            Key("send", "Ctrl ↵", N_("send"), is_fixed=True),
            Key("send_resolve", "Ctrl ⇧ ↵", N_("send and resolve"), is_fixed=True),
            Key("send_snooze", "Ctrl Alt ↵", N_("send and snooze until tomorrow"), is_fixed=True),
            Key("saved", "/", N_("saved reply (in the text)"), is_fixed=True),
            Key("mention", "@", N_("mention a teammate (in a note)"), is_fixed=True),
            Key("emoji", ":", N_("emoji (in the text)"), is_fixed=True),
            Key("switch", "Ctrl ⇧ N", N_("reply or note"), is_fixed=True),
            Key("strand", "Ctrl ⇧ C", N_("which strand is answered"), is_fixed=True),
            Key("attach", "Ctrl ⇧ A", N_("attach a file"), is_fixed=True),
            Key("bold", "Ctrl B", N_("bold"), is_fixed=True),
            Key("italic", "Ctrl I", N_("italic"), is_fixed=True),
            Key("link", "Ctrl ⇧ L", N_("link"), is_fixed=True),
            Key("preview", "Ctrl ⇧ P", N_("preview"), is_fixed=True),
            Key("edit_last", "↑", N_("change what you wrote last (in the empty box)"), is_fixed=True),
        ),
    ),
)
CHANGEABLE: Mapping[str, Key] = {key.name: key for group in GROUPS for key in group.keys if not key.is_fixed}


def pressed(key: Key, own: Mapping[str, str]) -> str:
    """What an agent presses for it; "" where they want no key for it."""
    return own.get(key.default, key.default) if not key.is_fixed else key.default


def shown(key: Key, own: Mapping[str, str]) -> list[str]:
    """What an agent presses, sign by sign, as it is printed on keys: an upper-case letter is Shift and it."""
    signs = pressed(key, own).split()
    return [part for sign in signs for part in _printed(sign, key.is_fixed)]


def _printed(sign: str, is_fixed: bool) -> list[str]:
    if is_fixed or len(sign) > 1:
        return [sign]
    if sign.isalpha() and sign != sign.lower():
        return ["⇧", sign]
    return [sign.upper()]


def chosen(form: FormData) -> dict[str, str]:
    """What an agent presses instead of the default keys, from the form of the settings. Raises Invalid for
    what is no key, and where two things have the same one."""
    own: dict[str, str] = {}
    taken: dict[str, Key] = {}
    for name, key in CHANGEABLE.items():
        value = form.get(name)
        typed = " ".join(value.split()) if isinstance(value, str) else key.default
        if typed and not _PRESSABLE.fullmatch(typed):
            raise Invalid(N_("One sign, or two that are pressed one after the other."), field=name)
        if typed != key.default:
            own[key.default] = typed
        if typed:
            _check_free(typed, taken, name)
            taken[typed] = key
    return own


def typed(form: FormData) -> dict[str, str]:
    """What was typed into the form, as far as it differs from the default keys, right or wrong."""
    values = {key.default: form.get(key.name) for key in CHANGEABLE.values()}
    return {
        default: value for default, value in values.items() if isinstance(value, str) and value != default
    }


def _check_free(typed: str, taken: Mapping[str, Key], name: str) -> None:
    """Raises Invalid where a key is taken, or where one key would begin another."""
    for other, key in taken.items():
        if typed == other or typed.startswith(f"{other} ") or other.startswith(f"{typed} "):
            text = N_("“%(key)s” is already taken, by “%(other)s”.")
            raise Invalid(text, field=name, key=other, other=phrase(key.does))
    if typed.isascii() and typed.isdigit():
        raise Invalid(N_("The digits open saved views."), field=name)
