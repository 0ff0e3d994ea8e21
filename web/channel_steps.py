"""The steps in which a channel is set up: what each asks, and what is stored of it.

A channel is there from its first step on, so that one may leave and come back at any of them. Each step sends
its own fields; what it does not ask stays as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData

from inbox.envelopes import ChannelKind
from inbox.errors import NotFound
from inbox.models import Channel
from inbox.phrases import N_
from web.channel_forms import FieldRow, rows_of, values_of


@dataclass(frozen=True, slots=True)
class Step:
    """`name` stands in its address, `title` on its page; `fields` are what it asks, nothing where it only
    shows."""

    name: str
    title: str
    fields: frozenset[str] = frozenset()


_QUESTION = frozenset(
    f"field_{part}" for part in ("name", "label", "type", "required", "options", "help", "target")
)
_SERVERS = frozenset(
    f"{protocol}_{part}" for protocol in ("imap", "smtp") for part in ("host", "port", "user", "security")
)
CHECK, SENDING, DONE = Step("check", N_("Check")), Step("sending", N_("Sending")), Step("done", N_("Done"))
STEPS: dict[ChannelKind, tuple[Step, ...]] = {
    ChannelKind.EMAIL: (
        Step("address", N_("Address"), frozenset({"name", "address", "team"})),
        Step(
            "connection",
            N_("Connection"),
            _SERVERS
            | {"sign_in", "client_id", "client_secret", "password", "sent_copies", "authserv_id"}
            | {"arc_sealers", "first_connection", "first_days", "rate_mails", "rate_period"},
        ),
        CHECK,
        SENDING,
        DONE,
    ),
    ChannelKind.WEBCHAT: (
        Step(
            "look",
            N_("Look"),
            frozenset({"name", "team", "company", "accent", "greeting", "lead", "teaser", "topics"}),
        ),
        Step(
            "questions",
            N_("Questions and hours"),
            frozenset({"ask_name", "ask_email", "questions", "expectation"})
            | {"away", "away_words", "continuity_minutes", "reply_mailbox"},
        ),
        Step(
            "sites",
            N_("Sites"),
            frozenset({"origins", "identity_required", "show_page", "show_handoff_names"}),
        ),
        CHECK,
        DONE,
    ),
    ChannelKind.FORM: (
        Step("questions", N_("Questions"), frozenset({"name", "team"}) | _QUESTION),
        Step(
            "words",
            N_("Words and answers"),
            frozenset({"intro", "language", "thanks", "closed", "confirmation", "origins", "redirects"})
            | {"reply_mailbox"},
        ),
        CHECK,
        DONE,
    ),
}


def step_of(kind: ChannelKind, name: str) -> Step:
    """The step of that name. Raises NotFound."""
    found = next((step for step in STEPS.get(kind, ()) if step.name == name), None)
    if found is None:
        raise NotFound("There is no such page.")
    return found


def after(kind: ChannelKind, step: Step) -> Step:
    """The step that follows; the last one follows itself."""
    steps = STEPS[kind]
    return steps[min(steps.index(step) + 1, len(steps) - 1)]


def before(kind: ChannelKind, step: Step) -> Step | None:
    """The step that goes before it, None for the first."""
    place = STEPS[kind].index(step)
    return STEPS[kind][place - 1] if place else None


def completed(channel: Channel, step: Step, form: FormData) -> FormData:
    """What was sent with the step, and for all other fields what the channel has already."""
    kept: list[tuple[str, str]] = [
        (name, value) for name, value in values_of(channel).items() if name not in step.fields
    ]
    if not step.fields & _QUESTION:
        kept += _sent_as(rows_of(channel.settings))
    return FormData([*kept, *((name, value) for name, value in form.multi_items() if name in step.fields)])


def _sent_as(rows: Sequence[FieldRow]) -> Iterator[tuple[str, str]]:
    """Questions as their page sends them."""
    for row in rows:
        yield from (("field_name", row.name), ("field_label", row.label), ("field_type", row.type))
        yield from (("field_required", "yes" if row.required else "no"), ("field_options", row.options))
        yield from (("field_help", row.help), ("field_target", row.target))
