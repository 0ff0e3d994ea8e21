"""What is wrong with a channel, in words. Pure."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox.models import Channel
from inbox.phrases import Phrase, phrase

WELL = ("ok", "new")
PATIENCE = timedelta(minutes=15)  # a mail server that is started anew is no trouble
SHORTEST_SILENCE = timedelta(hours=6)
USUAL_SILENCE = timedelta(hours=16)  # where too much has come in to look through
LOOKS_BACK = timedelta(days=28)
FEWEST_INPUTS, LEAST_KNOWN = 20, timedelta(days=7)  # of less nothing can be said
_TIMES = 1.5


@dataclass(frozen=True, slots=True)
class Trouble:
    """A channel that somebody has to look after, and why."""

    public_id: str
    name: str
    words: Phrase


def trouble_of(channel: Channel, moment: datetime) -> Trouble | None:
    """What is wrong with a channel that is in use; None where nothing is."""
    if channel.deactivated_at is not None or channel.is_sample:
        return None
    words = _words(channel, moment)
    return Trouble(channel.public_id, channel.name, words) if words else None


def _words(channel: Channel, moment: datetime) -> Phrase | None:
    if channel.sending_text:
        return phrase("Sending is paused: %(reason)s", reason=channel.sending_text)
    is_lasting = channel.state_at is None or moment - channel.state_at >= PATIENCE
    if channel.state not in WELL and (is_lasting or channel.state == "auth_failed"):
        if channel.state_text:
            return phrase("It does not work: %(reason)s", reason=channel.state_text)
        return phrase("It cannot be reached.")
    if channel.is_silent:
        return phrase("Nothing has come in for longer than usual.")
    return None


def is_silent(inputs: Sequence[datetime], moment: datetime, *, is_all: bool) -> bool:
    """Whether nothing has come in for longer than is usual, by the moments of what came in the last four
    weeks, newest first. *is_all*: these are all of them."""
    if len(inputs) < FEWEST_INPUTS or (is_all and inputs[0] - inputs[-1] < LEAST_KNOWN):
        return False
    gaps = [later - earlier for later, earlier in itertools.pairwise(inputs)]
    usual = max(gaps) if is_all else max(*gaps, USUAL_SILENCE)
    return moment - inputs[0] > max(SHORTEST_SILENCE, usual * _TIMES)
