"""Every kind of trouble that the core names.

OnethreadError
├── NotFound             it is not there, or not for this actor: never say which
├── NotPermitted         the actor sees it but may not do this
├── Invalid              the input cannot be used; the text says how to mend it
│   └── SettingsInvalid  the configuration cannot be used; found at start
├── Conflict             the state of things forbids it now
│   ├── MissedMessages   a reply was written without having seen the newest messages
│   └── LessProven       a reply would go to somebody who is not proven to be whoever asked
├── Refused              a raw input that cannot be parsed; it is quarantined
└── DeliveryFailure      a sender could not deliver
    ├── TemporaryFailure try again later
    ├── PermanentFailure no use trying again
    └── OutcomeUnknown   the answer was lost after the data had been sent
"""

from collections.abc import Sequence

from inbox.phrases import N_, Phrase


class OnethreadError(Exception):
    """The root; its text is a sentence that a person can act on, in English. `phrase` is the same for whoever
    reads another language: *values* fill its places, such as %(name)s."""

    def __init__(self, text: str | Phrase = "", /, **values: object) -> None:
        self.phrase = text if isinstance(text, Phrase) else Phrase(text, values)
        super().__init__(str(self.phrase))


class NotFound(OnethreadError):
    """It does not exist for this actor."""


class NotPermitted(OnethreadError):
    """The actor may see the object but may not do this to it."""


class Invalid(OnethreadError):
    """The input cannot be used. `field` names the culprit where there is one."""

    def __init__(self, text: str | Phrase, /, *, field: str | None = None, **values: object) -> None:
        super().__init__(text, **values)
        self.field = field


class SettingsInvalid(Invalid):
    """The configuration cannot be used."""


class Conflict(OnethreadError):
    """Right in itself, but the state of things forbids it now."""


class MissedMessages(Conflict):
    """The writer of a reply has not seen these customer-visible messages (public ids, oldest first)."""

    def __init__(self, message_ids: Sequence[str]) -> None:
        super().__init__(
            N_("Something arrived while you were writing. Read it, then send anyway or change your reply.")
        )
        self.message_ids = tuple(message_ids)


class LessProven(Conflict):
    """An answer to what was asked by mail is about to go into the chat of somebody unproven."""

    def __init__(self, subject: str) -> None:
        if subject:
            text = N_(
                "“%(subject)s” waits for an answer, and nobody has proved that its sender sits in this chat. "
                "Answer it by email, or send this to the chat anyway."
            )
        else:
            text = N_(
                "“An email” waits for an answer, and nobody has proved that its sender sits in this chat. "
                "Answer it by email, or send this to the chat anyway."
            )
        super().__init__(text, subject=subject)


class Refused(OnethreadError):
    """A raw input that cannot be turned into a message; the text becomes the reason in the quarantine."""


class DeliveryFailure(OnethreadError):
    """A sender could not deliver to one recipient. `code` is the SMTP reply code where there is one."""

    def __init__(self, text: str | Phrase, /, *, code: int | None = None, **values: object) -> None:
        super().__init__(text, **values)
        self.code = code


class TemporaryFailure(DeliveryFailure):
    """It may work later."""


class PermanentFailure(DeliveryFailure):
    """It will never work."""


class OutcomeUnknown(DeliveryFailure):
    """The data went out, and the answer was lost: perhaps delivered, perhaps not."""
