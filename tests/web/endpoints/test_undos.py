"""Act first, undo after: whatever an agent can do is taken back by an undo, by its opposite or by doing it
again, or there is a reason why not."""

from inbox.actions import undos
from tests.web.routes import doors
from web.policy import WITH_COOKIE

# The names of what remembers how it is taken back, by what does it.
UNDOABLE = {
    "/inbox/unassigned/next": "assign",
    "/conversations": "reply",
    "/conversations/{id}/messages": "reply",
    "/messages/{id}/enquiries": "reply",
    "/messages/{id}/unforward": "decide_forward",
    "/messages/{id}/spam": "message_spam",
    "/messages/{id}/unspam": "message_spam",
    "/messages/{id}/move": "move_message",
    "/notes/{id}/move": "move_note",
    "/cases/bulk": "bulk",
    "/cases/{number:int}/move": "move_case",
    "/cases/{number:int}/assignee": "assign",
    "/cases/{number:int}/team": "assign",
    "/cases/{number:int}/claim": "assign",
    "/cases/{number:int}/handoffs": "handoff",
    "/cases/{number:int}/resolution": "status",
    "/cases/{number:int}/reopening": "status",
    "/cases/{number:int}/pending": "status",
    "/cases/{number:int}/snooze": "status",
    "/cases/{number:int}/spam": "spam",
    "/cases/{number:int}/tags": "change",
    "/cases/{number:int}/subject": "change",
    "/cases/{number:int}/priority": "change",
    "/cases/{number:int}/split": "split",
    "/cases/{number:int}/join": "join",
    "/suggestions/{id}": "merge",
    "/customers/{id}": "customer",
    "/customers/{id}/details": "customer",
    "/customers/{id}/tags": "customer",
    "/customers/{id}/merge": "merge",
    "/customers/{id}/block": "block",
    "/blocks/{id}/end": "unblock",
    "/messages/{id}/call/withdrawal": "take_back_call",
    "/views/{id}/removal": "remove_view",
    "/settings/replies/{id}/removal": "remove_reply",
    "/settings/agents/{id}/deactivate": "deactivate",
}

# Doing it again, or its opposite beside it, brings back what was.
OPPOSITE = {
    "/cases/{number:int}/star": "/cases/{number:int}/star",
    "/cases/{number:int}/follow": "/cases/{number:int}/unfollow",
    "/cases/{number:int}/unfollow": "/cases/{number:int}/follow",
    "/cases/{number:int}/mute": "/cases/{number:int}/unmute",
    "/cases/{number:int}/unmute": "/cases/{number:int}/mute",
    "/cases/{number:int}/unspam": "/cases/{number:int}/spam",
    "/conversations/{id}/read": "/conversations/{id}/unread",
    "/conversations/{id}/unread": "/conversations/{id}/read",
    "/customers/{id}/calls": "/messages/{id}/call/withdrawal",
    "/handoffs/{id}/accept": "/cases/{number:int}/handoffs",
    "/handoffs/{id}/decline": "/cases/{number:int}/handoffs",
    "/handoffs/{id}/withdraw": "/cases/{number:int}/handoffs",
    "/notes/{id}": "/notes/{id}",
    "/messages/{id}/call": "/messages/{id}/call",
    "/messages/{id}/pictures": "/messages/{id}/pictures",
    "/companies/{id}": "/companies/{id}",
    "/views": "/views/{id}/removal",
    "/views/{id}": "/views/{id}",
    "/inbox/order": "/inbox/order",
}

REASONS = {
    "/conversations/{id}/notes": "colleagues have been told; whoever wrote it changes it",
    "/conversations/{id}/draft": "words that are being written",
    "/messages/{id}/cancel": "the undo of a reply itself",
    "/messages/{id}/retry": "it leaves at once",
    "/messages/{id}/departure": "it leaves at once, or at another time, which is chosen again",
    "/messages/{id}/redaction": "for good, and says so before",
    "/merges/{id}/undo": "an undo itself; what is not clear is sorted on a page",
    "/undo/{id}": "the undo itself",
    "/attachments": "nothing yet: a message takes it",
    "/previews": "changes nothing",
    "/saved-replies/{id}/uses": "counts",
    "/companies": "empty, and named only",
    "/customers/{id}/export": "changes nothing",
    "/notifications/read": "old news; the list keeps it",
    "/sign-out": "one signs in again",
    "/try": "a sample, which goes with one press",
    "/try/mails": "a sample",
    "/try/remove": "a sample, which comes back with one press",
}


def deeds() -> set[str]:
    """What changes something for agents, but settings: their forms show what is set, and are saved anew."""
    return {door.pattern for door in doors() if door.policy in WITH_COOKIE and not door.is_safe}


def test_whatever_can_be_done_can_be_taken_back() -> None:
    outside = {deed for deed in deeds() if not deed.startswith("/settings/")}

    assert outside - UNDOABLE.keys() - OPPOSITE.keys() - REASONS.keys() == set()
    assert (UNDOABLE.keys() | OPPOSITE.keys() | REASONS.keys()) - deeds() == set()
    assert set(OPPOSITE.values()) <= deeds()


def test_what_remembers_its_way_back_has_one() -> None:
    others = {"mark", "move_strand", "colleague", "someone_else"}  # what some of them remember in some cases

    assert {*UNDOABLE.values(), *others} == undos.ways_back()
