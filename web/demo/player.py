"""Plays the demo's past through the real intake and the real actions, with the clock set back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from inbox import clock
from inbox.actions import assignments, cases, customers, handoffs, identities, notes, replies, resolutions
from inbox.clock import FrozenClock
from inbox.envelopes import AddressKind
from inbox.errors import NotFound
from inbox.models import Agent, Case, Conversation, Customer, Handoff, Team
from inbox.queries import agents
from inbox.queries.correspondents import Correspondence, correspondence
from inbox.queries.happenings import Reading
from inbox.queries.visitor_views import identity_of
from web.demo import letters, steps
from web.demo.company import Company
from web.demo.letters import Person
from web.installation import Installation


async def play(installation: Installation, company: Company, past: Sequence[steps.Step]) -> None:
    """Let everything happen in its order, the newest last. Afterwards the clock is right again."""
    player = Player(installation, company)
    now = clock.now()
    for step in sorted(past, key=lambda each: -each.ago):
        with clock.using(FrozenClock(now - timedelta(minutes=step.ago))):
            await player.take(step)


@dataclass(frozen=True, slots=True)
class Player:
    """Knows how each kind of step is done: from outside by the intake, from inside by the actions."""

    installation: Installation
    company: Company

    async def take(self, step: steps.Step) -> None:
        """Let one thing happen. Raises NotFound for a step about somebody who has not written before."""
        match step:
            case steps.Raw():
                await self._submit("mailbox", step.content)
            case steps.Mail():
                await self._submit("mailbox", await self._mail(step))
            case steps.Chat():
                await self.chat(step.who, step.text, page=step.page, is_signed=step.is_signed)
            case steps.Form():
                await self._submit("form", letters.form(step.who, dict(step.fields)))
            case _:
                await self._act(step)

    async def chat(self, who: Person, text: str, *, page: str, is_signed: bool = True) -> None:
        """Write in the chat; where the shop's server signs for them it comes to the thread they have."""
        is_known = is_signed and await self._sign_for(who)
        await self._submit("chat", letters.chat(who, text, page=page))
        if is_signed and not is_known:
            await self._sign_for(who)

    async def _sign_for(self, who: Person) -> bool:
        """What the shop's page does for somebody who is signed in there; answers whether they are known."""
        facts: dict[str, Any] = {
            "channel": self.company.chat,
            "user_id": who.address.partition("@")[0],
            "email": who.address,
            "name": who.name,
        }
        async with self.installation.database.transaction() as session:
            visitor = await identity_of(session, AddressKind.VISITOR, self.visitor(who))
            if visitor is None:
                return await identities.recognise(session, self.visitor(who), **facts) is not None
            await identities.identify(session, visitor, **facts)
            return True

    async def answer_mail(self, who: Person, text: str) -> None:
        """Answer by mail what they were last sent."""
        subject = await self._last_subject(who)
        await self._submit(
            "mailbox",
            await self._mail(steps.Mail(who=who, ago=0, subject=subject, text=text, is_answer=True)),
        )

    def visitor(self, who: Person) -> str:
        """The visitor address of somebody's browser."""
        return f"{self.company.chat.public_key}:{who.visitor_id}"

    async def _submit(self, channel: str, raw: bytes) -> None:
        of = {"mailbox": self.company.mailbox, "chat": self.company.chat, "form": self.company.form}[channel]
        source = {"mailbox": "ingest", "chat": "webchat", "form": "form"}[channel]
        await self.installation.intake.submit(of.id, source, raw)

    async def _mail(self, step: steps.Mail) -> bytes:
        answers = ""
        if step.is_answer:
            async with self.installation.database.reading() as session:
                found = await self._found(session, step.who)
                answers = (found.answer and found.answer.external_id) or ""
        return letters.mail(
            step.who,
            to=self.company.mailbox.address or "",
            subject=step.subject,
            text=step.text,
            answers=answers,
            verdict=step.verdict,
            headers=step.headers,
            photo=step.photo,
        )

    async def _last_subject(self, who: Person) -> str:
        async with self.installation.database.reading() as session:
            answer = (await self._found(session, who)).answer
        subject = answer.subject if answer else ""
        return subject if subject.lower().startswith("re:") or not subject else f"Re: {subject}"

    async def _act(self, step: steps.Step) -> None:
        async with self.installation.database.transaction() as session:
            found = await self._found(session, step.who)
            acting = _Acting(session, self.installation, found.conversation, _case(found), found.handoff)
            colleagues = {agent.name.split()[0]: agent for agent in await agents.active(session)}
            teams = {each.team.name: each.team for each in await agents.teams(session)}
            await acting.take(step, colleagues, teams)

    async def _found(self, session: Reading, who: Person) -> Correspondence:
        for kind, address in (
            (AddressKind.EMAIL, who.address),
            (AddressKind.VISITOR, self.visitor(who)),
        ):
            if (found := await correspondence(session, kind, address)) is not None:
                return found
        raise NotFound(f"{who.name} has not written yet.")


@dataclass(frozen=True, slots=True)
class _Acting:
    """An agent's step, in the transaction that it is done in."""

    session: Reading
    installation: Installation
    conversation: Conversation
    case: Case
    handoff: Handoff | None

    async def take(self, step: steps.Step, colleagues: dict[str, Agent], teams: dict[str, Team]) -> None:
        session, case = self.session, self.case
        match step:
            case steps.Reply():
                await self._reply(step, colleagues[step.by])
            case steps.Note():
                await notes.add_note(
                    session, self.conversation, by=colleagues[step.by], text=step.text, case=case
                )
            case steps.Assign():
                await assignments.assign(session, case, to=colleagues[step.to], by=colleagues[step.by])
            case steps.Offer():
                to = colleagues.get(step.to) or teams[step.to]
                await handoffs.offer(session, case, to=to, by=colleagues[step.by], reason=step.reason)
            case steps.Accept():
                if self.handoff is not None:
                    await handoffs.accept(session, self.handoff, by=colleagues[step.by])
            case steps.Snooze():
                await resolutions.snooze(session, case, until=_until(step.hours), by=colleagues[step.by])
            case steps.Resolve():
                await resolutions.resolve(session, case, by=colleagues[step.by])
            case steps.Spam():
                await resolutions.mark_spam(session, case, by=colleagues[step.by])
            case steps.Mark():
                by, tags = colleagues[step.by], list(step.tags)
                await cases.change(session, case, by=by, priority=step.priority, tags=tags or None)
                await self._complete(step, by)

    async def _reply(self, step: steps.Reply, by: Agent) -> None:
        await replies.reply(
            self.session,
            self.conversation,
            by=by,
            text=step.text,
            settings=self.installation.reply_settings,
            then=step.then,
        )

    async def _complete(self, step: steps.Mark, by: Agent) -> None:
        if step.who.company:
            customer = await self.session.get_one(Customer, self.conversation.customer_id)
            await customers.change(self.session, customer, by=by, company=step.who.company)


def _case(found: Correspondence) -> Case:
    if found.case is None:
        raise NotFound("Their conversation has no case.")
    return found.case


def _until(hours: float | None) -> datetime | None:
    return None if hours is None else clock.now() + timedelta(hours=hours)
