"""Cases: reading lists of them, changing one, splitting and joining, handing off."""

from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import assignments, cases, handoffs, introductions, resolutions, splits
from inbox.actions.queueing import LONGEST_TEXT
from inbox.errors import Invalid
from inbox.models import Case, HandoffState, Priority, Status
from inbox.policies import Action, authorize
from inbox.queries import agents, cases as queries, messages, named, names
from inbox.queries.cases import Filter
from web.api import shapes
from web.api.answers import (
    Body,
    CaseNumber,
    Moment,
    Session,
    acting,
    actor_of,
    json_answer,
    listed,
    once,
    page_of,
    path_number,
    read,
)
from web.api.conversations import note_shapes
from web.installation import installation_of


class CaseChange(Body):
    """What is given is changed; an `assignee_id` or `team_id` of null takes the case from everybody."""

    status: Status | None = None
    assignee_id: str | None = None
    team_id: str | None = None
    priority: Priority | None = None
    tags: list[str] | None = Field(None, max_length=50)
    snoozed_until: Moment | None = None
    subject: str | None = Field(None, max_length=1000)


class Split(Body):
    strand_ids: list[str] = Field([], max_length=100)
    from_message_id: str | None = None


class Join(Body):
    into: CaseNumber


class Offer(Body):
    to_agent_id: str | None = None
    to_team_id: str | None = None
    reason: str = Field(min_length=1, max_length=500)
    introduction: str = Field("", max_length=LONGEST_TEXT)


class HandoffAnswer(Body):
    answer: str = Field("", max_length=500)


async def index(request: Request) -> Response:
    """GET /api/v1/cases?view=&status=&assignee=&team=&tag=&limit=&cursor="""
    (limit, cursor), asked, actor = page_of(request), request.query_params, actor_of(request)
    async with installation_of(request).database.reading() as session:
        assignee = asked.get("assignee")
        team = asked.get("team")
        wanted = Filter(
            view=asked.get("view") or None,
            status=asked.get("status") or None,
            assignee_id=(await _agent(session, request, assignee)).id if assignee else None,
            team_id=(await agents.team_by_id(session, team)).id if team else None,
            tag=asked.get("tag") or None,
            words=asked.get("q") or None,
        )
        found = await queries.page(session, actor, wanted, limit=limit, cursor=cursor)
        shown = await case_shapes(session, found.items)
    return listed(shown, found.next)


async def show(request: Request) -> Response:
    """GET /api/v1/cases/{number}"""
    async with installation_of(request).database.reading() as session:
        case = await queries.by_number(session, actor_of(request), path_number(request))
        (shown,) = await case_shapes(session, [case])
    return json_answer(shown)


async def update(request: Request) -> Response:
    """PATCH /api/v1/cases/{number}"""
    body = await read(request, CaseChange)

    async def change(session: Session, case: Case) -> None:
        agent = acting(request)
        if "assignee_id" in body.model_fields_set:
            to = await _agent(session, request, body.assignee_id) if body.assignee_id else None
            await assignments.assign(session, case, to=to, by=agent)
        if "team_id" in body.model_fields_set:
            team = await agents.team_by_id(session, body.team_id) if body.team_id else None
            await assignments.assign_team(session, case, team=team, by=agent)
        await cases.change(
            session, case, by=agent, subject=body.subject, priority=body.priority, tags=body.tags
        )
        await _set_status(session, case, body, agent)

    return await _changed(request, change)


async def _set_status(session: Session, case: Case, body: CaseChange, agent: Any) -> None:
    status = body.status
    if status is None and body.snoozed_until is not None:
        status = Status.SNOOZED
    if status is None or (status == case.status and status is not Status.SNOOZED):
        return
    if case.status == Status.SPAM and status is not Status.SPAM:
        await resolutions.unmark_spam(session, case, by=agent)
    if status is Status.SNOOZED:
        await resolutions.snooze(session, case, until=body.snoozed_until, by=agent)
    elif status is Status.SPAM:
        await resolutions.mark_spam(session, case, by=agent)
    elif status is Status.RESOLVED and case.status != Status.RESOLVED:
        await resolutions.resolve(session, case, by=agent)
    elif status is Status.PENDING and case.status != Status.PENDING:
        await resolutions.set_pending(session, case, by=agent)
    elif status is Status.OPEN and case.status != Status.OPEN:
        await resolutions.reopen(session, case, by=agent)


async def split(request: Request) -> Response:
    """POST /api/v1/cases/{number}/split {strand_ids | from_message_id}: answers the new case."""
    body, actor = await read(request, Split), actor_of(request)
    authorize(actor, Action.CHANGE)
    if bool(body.strand_ids) == (body.from_message_id is not None):
        raise Invalid("Say what to split off: strand_ids, or from_message_id.")

    async def change(session: Session) -> tuple[int, Any]:
        case = await queries.by_number(session, actor, path_number(request))
        message = body.from_message_id
        fresh = await splits.split(
            session,
            case,
            by=acting(request),
            strands=[
                await named.strand(session, actor_of(request), strand_id) for strand_id in body.strand_ids
            ],
            from_message=await messages.by_public_id(session, actor, message) if message else None,
        )
        return 201, await _shown(session, fresh)

    return await once(request, change)


async def join(request: Request) -> Response:
    """POST /api/v1/cases/{number}/join {into}: answers the case that took it in."""
    body, actor = await read(request, Join), actor_of(request)
    authorize(actor, Action.CHANGE)

    async def change(session: Session) -> tuple[int, Any]:
        case = await queries.by_number(session, actor, path_number(request))
        into = await queries.by_number(session, actor, body.into)
        await splits.join(session, case, into=into, by=acting(request))
        return 200, await _shown(session, into)

    return await once(request, change)


async def notes(request: Request) -> Response:
    """GET /api/v1/cases/{number}/notes: oldest first."""
    async with installation_of(request).database.reading() as session:
        case = await queries.by_number(session, actor_of(request), path_number(request))
        shown = await note_shapes(session, await named.notes_of(session, case))
    return listed(shown, None)


async def offer(request: Request) -> Response:
    """POST /api/v1/cases/{number}/handoffs {to_agent_id | to_team_id, reason, introduction}:
    with *introduction* the customer reads these words, and waits for their answer as before"""
    body, actor = await read(request, Offer), actor_of(request)
    authorize(actor, Action.CHANGE)
    if (body.to_agent_id is None) == (body.to_team_id is None):
        raise Invalid("Say whom to hand it to: to_agent_id, or to_team_id.")

    async def change(session: Session) -> tuple[int, Any]:
        case = await queries.by_number(session, actor, path_number(request))
        to = (
            await agents.by_id(session, body.to_agent_id)
            if body.to_agent_id
            else await agents.team_by_id(session, body.to_team_id or "")
        )
        by, settings = acting(request), installation_of(request).reply_settings
        told = (
            await introductions.introduce(session, case, text=body.introduction, by=by, settings=settings)
            if body.introduction
            else None
        )
        handoff = await handoffs.offer(session, case, to=to, by=by, reason=body.reason, introduction=told)
        await session.flush()
        return 201, (await handoff_shapes(session, [handoff]))[0]

    return await once(request, change)


async def list_handoffs(request: Request) -> Response:
    """GET /api/v1/handoffs?to=me&state=offered"""
    asked = request.query_params
    if (asked.get("state") or HandoffState.OFFERED) not in set(HandoffState):
        raise Invalid(f"There is no state {asked['state']!r}.", field="state")
    state = HandoffState(asked["state"]) if asked.get("state") else None
    async with installation_of(request).database.reading() as session:
        to = (await _agent(session, request, asked["to"])).id if asked.get("to") else None
        rows = await named.handoffs(session, actor_of(request), to_agent_id=to, state=state)
        shown = await handoff_shapes(session, rows)
    return listed(shown, None)


async def accept(request: Request) -> Response:
    """POST /api/v1/handoffs/{id}/accept"""
    body = await read(request, HandoffAnswer)
    return await _answer_handoff(request, handoffs.accept, answer=body.answer)


async def decline(request: Request) -> Response:
    """POST /api/v1/handoffs/{id}/decline"""
    body = await read(request, HandoffAnswer)
    return await _answer_handoff(request, handoffs.decline, answer=body.answer)


async def withdraw(request: Request) -> Response:
    """POST /api/v1/handoffs/{id}/withdraw"""
    return await _answer_handoff(request, handoffs.withdraw)


async def _answer_handoff(request: Request, action: Any, **more: str) -> Response:
    actor = actor_of(request)
    authorize(actor, Action.CHANGE)

    async def change(session: Session) -> tuple[int, Any]:
        handoff = await named.handoff(session, actor, request.path_params["id"])
        await action(session, handoff, by=acting(request), **more)
        return 200, (await handoff_shapes(session, [handoff]))[0]

    return await once(request, change)


async def case_shapes(session: Session, rows: Any) -> list[shapes.CaseShape]:
    """Cases, loaded with assignee, team and tags, with the names they need."""
    public = await names.of_conversations(session, {case.conversation_id for case in rows})
    return [
        shapes.case(case, public.conversations[case.conversation_id], public.customers[case.conversation_id])
        for case in rows
    ]


async def handoff_shapes(session: Session, rows: Any) -> list[shapes.HandoffShape]:
    """Handoffs with the names they need."""
    public = names.Names()
    await names.add_cases(session, public, {row.case_id for row in rows})
    people = {key for row in rows for key in (row.from_agent_id, row.to_agent_id) if key is not None}
    await names.add_agents(session, public, people)
    await names.add_teams(session, public, {row.to_team_id for row in rows if row.to_team_id})
    return [shapes.handoff(row, public) for row in rows]


async def _changed(request: Request, action: Any) -> Response:
    actor = actor_of(request)
    authorize(actor, Action.CHANGE)

    async def change(session: Session) -> tuple[int, Any]:
        case = await queries.by_number(session, actor, path_number(request))
        await action(session, case)
        return 200, await _shown(session, case)

    return await once(request, change)


async def _shown(session: Session, case: Case) -> shapes.CaseShape:
    await session.flush()
    await session.refresh(case, ["assignee", "team", "tags"])
    (shown,) = await case_shapes(session, [case])
    return shown


async def _agent(session: Session, request: Request, name: str) -> Any:
    """An agent by public id; "me" is whoever asks."""
    return acting(request) if name == "me" else await agents.by_id(session, name)
