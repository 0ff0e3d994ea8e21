"""Putting a case aside."""

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import resolutions
from inbox.models import Agent, Case
from inbox.phrases import Phrase, phrase
from inbox.queries import hours
from inbox.queries.happenings import Reading
from web.acting import on_case, text_of
from web.moments import named_moment, picked_moment, zone_of
from web.wording import words_for


async def create(request: Request) -> Response:
    """POST /cases/{number}/snooze {until: hour | afternoon | tomorrow | week | reply} or {at: a day and a
    time}"""
    form, zone = await request.form(), zone_of(request)
    picked = text_of(form, "at")
    name = text_of(form, "until")

    async def act(session: Reading, case: Case, agent: Agent) -> Phrase:
        worked = await hours.of_agent(session, agent.id, team_id=case.team_id)
        until = picked_moment(picked, zone) if picked else named_moment(name, zone, worked)
        await resolutions.snooze(session, case, until=until, by=agent)
        if until is None:
            return phrase("Snoozed until they reply.")
        moment = words_for(request).moment(until.astimezone(zone))
        return phrase("Snoozed until %(moment)s.", moment=moment)

    return await on_case(request, act)
