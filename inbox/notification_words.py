"""What a notification says in one line, wherever it is said: on the page, by a browser, in a mail."""

from inbox.models import EventKind, NotificationKind
from inbox.phrases import Phrase, counted, phrase
from inbox.queries.notifications import ShownNotification


def headline(told: ShownNotification) -> Phrase:
    """Who did what, in one line; nothing of what was written."""
    customer, actor = told.customer.name, told.actor.name if told.actor else ""
    if told.kind is NotificationKind.MESSAGE:
        return counted(
            "%(customer)s wrote", "%(customer)s wrote %(number)d messages", told.count, customer=customer
        )
    if told.kind is NotificationKind.MENTION:
        return phrase("%(agent)s mentioned you: %(customer)s", agent=actor, customer=customer)
    if told.kind is NotificationKind.HANDOFF:
        return _of_handoff(told, customer, actor)
    if told.kind is NotificationKind.CHAT:
        return phrase("%(customer)s waits in a chat", customer=customer)
    if told.kind is NotificationKind.EMAIL:
        return phrase("%(customer)s wrote, and nobody has it yet", customer=customer)
    return phrase("%(customer)s has nearly waited for too long", customer=customer)


def _of_handoff(told: ShownNotification, customer: str, actor: str) -> Phrase:
    if told.event is EventKind.HANDOFF_OFFERED:
        return phrase("%(agent)s offers you %(customer)s", agent=actor, customer=customer)
    if told.event is EventKind.HANDOFF_DECLINED:
        return phrase("%(agent)s declined %(customer)s", agent=actor, customer=customer)
    if told.event is EventKind.HANDOFF_EXPIRED:
        return phrase("Nobody answered your offer: %(customer)s", customer=customer)
    if actor:
        return phrase("%(agent)s gave you %(customer)s", agent=actor, customer=customer)
    return phrase("%(customer)s is yours now", customer=customer)
