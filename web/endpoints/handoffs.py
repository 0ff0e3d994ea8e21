"""Passing a case on, and answering who does."""

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import handoffs, introductions
from inbox.errors import Invalid
from inbox.models import Agent, Case, Message, Team
from inbox.phrases import N_, Phrase, phrase
from inbox.queries import agents, cases, named, redirects, workloads
from inbox.queries.happenings import Reading
from inbox.queries.introductions import way_to_tell
from inbox.queries.shown_words import face_of_customer
from web.acting import actor_of, number_of, on_case, remembering, text_of
from web.answers import done
from web.installation import installation_of
from web.live.hub import hub_of
from web.sheets import sheet
from web.wording import words_for


async def new(request: Request) -> Response:
    """GET /cases/{number}/handoffs/new: who there is, how much they have to do, and who is away"""
    async with installation_of(request).database.reading() as session:
        case = await redirects.find_case(session, number_of(request), actor=actor_of(request))
        whose = await cases.customers_of(session, [case])
        return await sheet(
            request,
            session,
            "handoffs/_new.html",
            back=f"/cases/{case.number}",
            case=case,
            name=face_of_customer(whose[case.conversation_id]).name,
            loads=await workloads.loads(session),
            queues=await workloads.queues(session),
            here=hub_of(request).people.here,
            idle=hub_of(request).people.idle,
            way=await way_to_tell(session, case) if case.is_unfinished else None,
        )


async def ask(request: Request) -> Response:
    """GET /handoffs/{id}/answer: to accept or decline with a line"""
    async with installation_of(request).database.reading() as session:
        handoff = await named.handoff(session, actor_of(request), request.path_params["id"])
        case = await session.get_one(Case, handoff.case_id)
        by = await session.get_one(Agent, handoff.from_agent_id)
        return await sheet(
            request,
            session,
            "handoffs/_answer.html",
            back=f"/cases/{case.number}",
            handoff=handoff,
            case=case,
            by=by,
        )


async def create(request: Request) -> Response:
    """POST /cases/{number}/handoffs {to: agent:… | team:…, reason, follow and tell: yes | nothing,
    introduction}"""
    form = await request.form()
    wanted, reason, follows = text_of(form, "to"), text_of(form, "reason"), bool(form.get("follow"))

    async def act(session: Reading, case: Case, agent: Agent) -> Phrase:
        to = await _receiver(session, wanted)
        told = await _tell(session, case, to, agent) if form.get("tell") else None
        await handoffs.offer(
            session, case, to=to, by=agent, reason=reason, keeps_following=follows, introduction=told
        )
        return _said(to, told)

    async def _tell(session: Reading, case: Case, to: Agent | Team, agent: Agent) -> Message:
        text = text_of(form, "introduction") or words_for(request).told(_introduction(to))
        settings = installation_of(request).reply_settings
        return await introductions.introduce(session, case, text=text, by=agent, settings=settings)

    return await on_case(request, act)


def _introduction(to: Agent | Team) -> Phrase:
    """What the customer reads unless the agent writes something else; the sheet proposes the same."""
    if isinstance(to, Team):
        return phrase("Let me bring in our team %(team)s. They see everything above.", team=to.name)
    return phrase("Let me bring in %(name)s, who sees everything above.", name=to.name)


def _said(to: Agent | Team, told: Message | None) -> Phrase:
    if isinstance(to, Team):
        if told is not None:
            return phrase("In the queue of %(team)s. The customer is told.", team=to.name)
        return phrase("In the queue of %(team)s.", team=to.name)
    if told is not None:
        text = N_("Offered to %(name)s, and the customer is told. You stay responsible until they accept.")
        return phrase(text, name=to.name)
    return phrase("Offered to %(name)s. You stay responsible until they accept.", name=to.name)


async def accept(request: Request) -> Response:
    """POST /handoffs/{id}/accept {answer}"""
    answer = text_of(await request.form(), "answer")
    return await _answered(request, partial(handoffs.accept, answer=answer), "Yours now.")


async def decline(request: Request) -> Response:
    """POST /handoffs/{id}/decline {answer}"""
    answer = text_of(await request.form(), "answer")
    return await _answered(request, partial(handoffs.decline, answer=answer), N_("Declined."))


async def withdraw(request: Request) -> Response:
    """POST /handoffs/{id}/withdraw"""
    return await _answered(request, handoffs.withdraw, N_("Withdrawn."))


async def _answered(request: Request, answer: Callable[..., Awaitable[None]], words: str) -> Response:
    agent = request.state.agent
    async with installation_of(request).database.transaction() as session:
        handoff = await named.handoff(session, actor_of(request), request.path_params["id"])
        case = await session.get_one(Case, handoff.case_id)
        async with remembering(session, agent) as remembered:
            await answer(session, handoff, by=agent)
        number = case.number
    return done(request, f"/cases/{number}", words, remembered.undo)


async def _receiver(session: Reading, wanted: str) -> Agent | Team:
    kind, _, public_id = wanted.partition(":")
    if kind == "team":
        return await agents.team_by_id(session, public_id)
    if kind == "agent":
        return await agents.by_id(session, public_id)
    raise Invalid("Choose a team or a person.", field="to")
