"""The bell: what an agent has been told, what is new of it, and that they have seen it."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from inbox import clock
from inbox.actions import notifications as telling
from inbox.models import NotificationKind
from inbox.notification_cells import Alert, Choices, Sound
from inbox.notification_words import headline
from inbox.queries import notifications
from inbox.queries.notification_choices import choices_of, texts_may_leave
from inbox.queries.notifications import ShownNotification
from web.acting import texts_of
from web.answers import done
from web.installation import installation_of
from web.templating import page
from web.wording import words_for
from web.workspace import figure, shell_for

HOME = "/notifications"
MOST_IDS = 1000


@dataclass(frozen=True, slots=True)
class Announced:
    """A notification as a browser announces it: with which sound, whether in a window of the system's own,
    and in which words; in quiet hours with neither. `age` is in seconds."""

    told: ShownNotification
    sound: Sound
    alert: Alert
    title: str
    body: str
    age: int


async def index(request: Request) -> Response:
    """GET /notifications"""
    agent = request.state.agent
    async with installation_of(request).database.reading() as session:
        shell = await shell_for(session, agent)
        found = await notifications.newest(session, agent)
    say = words_for(request).told
    return page(
        request,
        "notifications/index.html",
        shell=shell,
        current="notifications",
        rows=[(told, say(headline(told))) for told in found],
        waiting=NotificationKind.TARGET,
    )


async def news(request: Request) -> Response:
    """GET /notifications/news?after=: what a page is to announce, and everything that stands unread"""
    agent, after = request.state.agent, request.query_params.get("after", "")
    async with installation_of(request).database.reading() as session:
        found = await notifications.since(session, agent, after)
        unread = await notifications.unread_ids(session, agent)
        count = await notifications.count_unread(session, agent)
        choices = (await choices_of(session, [agent.id]))[agent.id]
        with_texts = await texts_may_leave(session)
    return page(
        request,
        "notifications/_news.html",
        announced=[_announced(request, told, choices, with_texts) for told in found],
        unread=unread,
        figure=figure(count),
    )


async def read(request: Request) -> Response:
    """POST /notifications/read {id …}: without an id all of them"""
    ids = texts_of(await request.form(), "id")[:MOST_IDS]
    async with installation_of(request).database.transaction() as session:
        await telling.mark_read(session, by=request.state.agent, public_ids=ids or None)
    return done(request, HOME)


def _announced(request: Request, told: ShownNotification, choices: Choices, with_texts: bool) -> Announced:
    cell = choices.cell(told.kind)
    is_quiet = choices.is_quiet(clock.now())
    return Announced(
        told,
        Sound.NONE if is_quiet or not choices.has_sound else cell.sound,
        Alert.NEVER if is_quiet else cell.alert,
        words_for(request).told(headline(told)),
        told.outside_text if with_texts else f"#{told.case_number}",
        int((clock.now() - told.at).total_seconds()),
    )
