"""How many mails may leave a mailbox in a stretch of time, as its provider allows or its owner likes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from inbox.errors import Invalid
from inbox.phrases import Phrase, counted

SENDING_RATE = "sending_rate"  # the setting of a mailbox, like "30/minute"
PERIODS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
MOST = 1_000_000

_RATE = re.compile(r"([0-9]{1,7})/(minute|hour|day)")


@dataclass(frozen=True, slots=True)
class SendingRate:
    """At most `mails` in any stretch as long as `period` (minute, hour, day); as text it is "30/minute"."""

    mails: int
    period: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The rate of "30/minute", "200/hour" or "2000/day"; raises Invalid."""
        found = _RATE.fullmatch(text.strip())
        if found is None or not 0 < int(found[1]) <= MOST:
            raise Invalid(
                "A sending rate looks like %(example)s: so many mails a minute, hour or day.",
                example="30/minute",
                field=SENDING_RATE,
            )
        return cls(int(found[1]), found[2])

    @property
    def within(self) -> timedelta:
        return PERIODS[self.period]

    @property
    def words(self) -> Phrase:
        """It as the end of a sentence: "at most 30 mails a minute"."""
        if self.period == "minute":
            return counted(
                "at most %(number)d mail a minute", "at most %(number)d mails a minute", self.mails
            )
        if self.period == "hour":
            return counted("at most %(number)d mail an hour", "at most %(number)d mails an hour", self.mails)
        return counted("at most %(number)d mail a day", "at most %(number)d mails a day", self.mails)

    def __str__(self) -> str:
        return f"{self.mails}/{self.period}"


def rate_in(settings: Mapping[str, Any]) -> SendingRate | None:
    """The rate among a mailbox's settings; None where it sends as fast as it can."""
    stored = settings.get(SENDING_RATE)
    return SendingRate.parse(stored) if stored else None
