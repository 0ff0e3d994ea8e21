"""What a visitor's panel says and what it is told, frame by frame; over a socket or, where there is none,
HTTP.

Panel to server: {t:"hello", token|null, after: cursor|null, language, time_zone, page, lang} first, then
{t:"message", client_id, text, page, files, name, fields, wish?: "erase"} {t:"typing", on}
{t:"received", message} {t:"seen", message} {t:"email", email} {t:"code", email} {t:"prove", code}
{t:"identify", id, email, name, expires, signature} {t:"notice", page?, attributes?}
{t:"rate", score, comment} {t:"copy"} {t:"forget"} {t:"older", before} {t:"pong"}.
Server to panel: {t:"ready", token, email, signed, proved} {sub:"chat", cursor, html, reset?, read}
{t:"filed", client_id} {t:"refused", client_id?, what, error, retry_after?} {t:"older", html}
{t:"coded", email} {t:"rated"} {t:"copied", email} {t:"forgotten"} {signal:{typing:{name, on}}}
{signal:{read}} {state:{ended, may_rate, score, hands_over, by, to}} {ping:1}. A cursor is sealed for its
visitor: it tells nothing and fits nobody else.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from channels.webchat.parser import external_id
from inbox.errors import Conflict, Invalid, NotPermitted
from inbox.models import Channel
from inbox.queries import visitor_views
from inbox.queries.visitor_states import ChatState, state_of
from inbox.queries.visitor_views import View
from inbox.words import words_in
from web import visit_wishes, visits
from web.live.signals import Signal, SignalKind, Signals
from web.live.visitor_partials import draw
from web.problems import too_fast
from web.rates import Rates
from web.sealed import Seals
from web.visit_codes import ask_code, type_code
from web.visit_messages import read_message
from web.visit_rates import wait_before_message, wait_before_note
from web.visit_wishes import read_browser
from web.visit_words import catalogue_for
from web.visits import Visit

Frame = dict[str, Any]

PAGE = 50
_NOTES = frozenset({"received", "seen", "notice"})


class Exchange:
    """One panel's conversation with the server. `view` and `position` say what it may see and how far it has
    been told."""

    def __init__(self, visit: Visit, *, rates: Rates, signals: Signals, host: str | None) -> None:
        self.visit = visit
        self.view = View()
        self.position = 0
        self._rates = rates
        self._signals = signals
        self._host = host
        self._words = catalogue_for(None)
        self._said: dict[str, Any] = {}
        self._state: ChatState | None = None
        self._cursors = Seals(visit.installation.keys, "visitor cursor")
        self._takers: Mapping[str, Callable[[Mapping[str, Any]], Awaitable[list[Frame]]]] = {
            "message": self._message,
            "typing": self._typing,
            "received": self._received,
            "seen": self._seen,
            "email": self._email,
            "code": self._code,
            "prove": self._prove,
            "identify": self._identify,
            "notice": self._notice,
            "rate": self._rate,
            "copy": self._copy,
            "forget": self._forget,
            "older": self._older,
        }

    def go_by(self, channel: Channel) -> None:
        """The channel as it is now: what its settings ask has perhaps changed since the panel connected."""
        if channel is not self.visit.channel:
            self.visit = replace(self.visit, channel=channel)

    def _shows_page(self) -> bool:
        return bool(self.visit.channel.settings.get("show_page", True))

    async def begin(self, hello: Mapping[str, Any]) -> list[Frame]:
        """Who the panel is for the server, and what it missed: since its cursor, or everything where that is
        no good."""
        self._words = catalogue_for(hello.get("lang"), str(hello.get("language") or ""))
        self._said = read_browser(hello, shows_page=self._shows_page())
        self.visit = await visits.renewed(self.visit)
        await visit_wishes.notice(self.visit, self._said)
        self.view = await self.visit.view()
        self._state = None
        after = hello.get("after")
        facts = self._cursors.open(after) if after else None
        if facts and facts["v"] == self.visit.visitor_id and facts["p"] <= await self._newest():
            self.position = int(facts["p"])
            return [self._ready(), *await self.changes(), await self._read(), *await self._news()]
        return [self._ready(), await self._everything(), *await self._news()]

    async def join(self) -> None:
        """Begin at the end of what has happened: for one frame of a panel that keeps no connection."""
        self.view = await self.visit.view()
        self.position = await self._newest()

    async def take(self, frame: Mapping[str, Any]) -> list[Frame]:
        """Do what a frame asks; answers what to tell. What is wrong is told, never raised."""
        kind = frame.get("t")
        taker = self._takers.get(kind) if isinstance(kind, str) else None
        if taker is None:
            return [] if kind == "pong" else [_refusal(frame, "This is not understood.")]
        if kind in _NOTES and (wait := wait_before_note(self._rates, self.visit)):
            return [_refusal(frame, words_in(self._words.language).told(too_fast(wait)))]
        try:
            return await taker(frame)
        except (Invalid, Conflict, NotPermitted) as error:
            return [_refusal(frame, self._words.told(error))]

    async def changes(self, *, is_moved: bool = False) -> list[Frame]:
        """What has happened since the position that the panel has been told; nothing where nothing has.
        *is_moved*: their messages may stand in another conversation now, which agents have merged theirs
        with."""
        if is_moved:
            self.view = await self.visit.view()
            return [await self._everything(), *await self._news()]
        if not self.view.conversation_ids:
            return []
        async with self.visit.installation.database.glancing() as session:
            changed = await visitor_views.changes_after(session, self.view, self.position)
        self.position = changed.position
        if changed.is_reset:
            self.view = await self.visit.view()
            return [await self._everything(), *await self._news()]
        told = [self._drawn(draw(changed.messages, self.visit))] if changed.messages else []
        return told + (await self._news() if changed.touches_state else [])

    def signal(self, signal: Signal) -> Frame | None:
        """What the panel is told of a signal: an agent types, or has read. Never of notes, never of other
        visitors."""
        if signal.kind is SignalKind.READ:
            return {"signal": {"read": signal.payload["position"]}}
        payload = signal.payload
        if signal.kind is not SignalKind.TYPING or payload.get("side") != "agent" or payload.get("is_note"):
            return None
        name = str((payload.get("agent") or {}).get("name") or "").split()
        return {"signal": {"typing": {"name": name[0] if name else "", "on": bool(payload.get("on"))}}}

    async def _newest(self) -> int:
        async with self.visit.installation.database.glancing() as session:
            return await visitor_views.newest_position(session)

    async def _news(self) -> list[Frame]:
        """How the chat stands, where that is another state than was told last."""
        state = ChatState()
        if self.view.sight is not None:
            async with self.visit.installation.database.glancing() as session:
                state = await state_of(session, self.view.sight, self.visit.channel)
        if state == self._state:
            return []
        self._state = state
        shown = {
            "ended": state.ended_at.isoformat() if state.ended_at else None,
            "may_rate": state.may_rate,
            "score": state.score,
            "hands_over": state.hands_over,
            "by": state.handed_by,
            "to": state.handed_to,
        }
        return [{"state": shown}]

    async def _read(self) -> Frame:
        """How far agents have read: a signal that was missed does not come again."""
        async with self.visit.installation.database.glancing() as session:
            return {"signal": {"read": await visitor_views.read_by_agents(session, self.view)}}

    async def _everything(self) -> Frame:
        if self.view.sight is None:  # most who open a page have never written
            self.position = await self._newest()
            return self._drawn("") | {"reset": True, "more": False, "read": 0}
        async with self.visit.installation.database.reading() as session:
            self.position = await visitor_views.newest_position(session)
            messages = await visitor_views.newest_messages(session, self.view, limit=PAGE + 1)
            read = await visitor_views.read_by_agents(session, self.view)
        html = draw(messages[-PAGE:], self.visit)
        return self._drawn(html) | {"reset": True, "more": len(messages) > PAGE, "read": read}

    async def _message(self, frame: Mapping[str, Any]) -> list[Frame]:
        is_first = self.view.conversation_id is None
        if wait := wait_before_message(self._rates, self.visit, self._host, is_first=is_first):
            words = words_in(self._words.language).told(too_fast(wait))
            return [_refusal(frame, words) | {"retry_after": wait}]
        message = read_message(self.visit, frame)
        was_kept = self.visit.is_kept
        self.visit, was_known = await visits.write(self.visit, message, host=self._host)
        if not was_kept:
            await visit_wishes.notice(self.visit, self._said)
        if is_first or self.visit.signed or self.visit.proved_email:
            self.view = await self.visit.view()
        if frame.get("wish") == "erase":
            await visit_wishes.ask_erasure(self.visit, self.view, message.client_id)
        told = [{"t": "filed", "client_id": message.client_id}]
        return told + (await self._again(message.client_id) if was_known else await self.changes())

    async def _again(self, client_id: str) -> list[Frame]:
        """What was sent before may stand before the panel's cursor: it is drawn once more."""
        reference = external_id(self.visit.visitor_id, client_id)
        async with self.visit.installation.database.reading() as session:
            messages = await visitor_views.filed_before(session, self.view, reference)
        return [self._drawn(draw(messages, self.visit))] if messages else []

    async def _typing(self, frame: Mapping[str, Any]) -> list[Frame]:
        if self.view.conversation_id is not None:
            payload = {"side": "customer", "on": bool(frame.get("on")), "agent": None}
            self._signals.publish(SignalKind.TYPING, self.view.conversation_id, payload)
        return []

    async def _received(self, frame: Mapping[str, Any]) -> list[Frame]:
        await visits.acknowledge(self.visit, self.view, frame.get("message"), is_read=False)
        return []

    async def _seen(self, frame: Mapping[str, Any]) -> list[Frame]:
        await visits.acknowledge(self.visit, self.view, frame.get("message"), is_read=True)
        return []

    async def _email(self, frame: Mapping[str, Any]) -> list[Frame]:
        self.visit = await visits.claim_email(self.visit, frame.get("email"))
        return [self._ready()]

    async def _code(self, frame: Mapping[str, Any]) -> list[Frame]:
        typed, language = frame.get("email"), self._words.language
        email = await ask_code(self.visit, typed, rates=self._rates, host=self._host, language=language)
        return [{"t": "coded", "email": email}]

    async def _prove(self, frame: Mapping[str, Any]) -> list[Frame]:
        self.visit = await type_code(self.visit, frame.get("code"), rates=self._rates, host=self._host)
        return await self._anew()

    async def _notice(self, frame: Mapping[str, Any]) -> list[Frame]:
        said = read_browser(frame, shows_page=self._shows_page())
        self._said = {**self._said, **said}
        await visit_wishes.notice(self.visit, said)
        return []

    async def _rate(self, frame: Mapping[str, Any]) -> list[Frame]:
        await visit_wishes.rate(self.visit, frame.get("score"), frame.get("comment"))
        return [{"t": "rated"}, *await self.changes()]

    async def _copy(self, frame: Mapping[str, Any]) -> list[Frame]:
        return [{"t": "copied", "email": await visit_wishes.mail_copy(self.visit, self._rates)}]

    async def _forget(self, frame: Mapping[str, Any]) -> list[Frame]:
        await visit_wishes.forget(self.visit)
        self.visit = await visits.admit(self.visit.installation, self.visit.channel, None)
        self.view = View()
        return [{"t": "forgotten"}]

    async def _identify(self, frame: Mapping[str, Any]) -> list[Frame]:
        before = self.visit.token
        self.visit = await visits.identify(self.visit, frame)
        return [self._ready()] if self.visit.token == before else await self._anew()

    async def _anew(self) -> list[Frame]:
        """Everything, after a proof: a new token, and perhaps more to see."""
        self.view = await self.visit.view()
        await visit_wishes.notice(self.visit, self._said)
        return [self._ready(), await self._everything(), *await self._news()]

    async def _older(self, frame: Mapping[str, Any]) -> list[Frame]:
        before = frame.get("before")
        if not isinstance(before, int) or not 0 < before < 2**62:
            raise Invalid("older needs the position before which to look.", field="before")
        async with self.visit.installation.database.reading() as session:
            messages = await visitor_views.newest_messages(session, self.view, limit=PAGE + 1, before=before)
        html = draw(messages[-PAGE:], self.visit)
        return [{"t": "older", "html": html, "more": len(messages) > PAGE}]

    def _ready(self) -> Frame:
        return {
            "t": "ready",
            "token": self.visit.token,
            "email": visits.wanted_email(self.visit),
            "signed": bool(self.visit.signed),
            "proved": bool(self.visit.proved_email or (self.visit.signed or {}).get("email")),
        }

    def _drawn(self, html: str) -> Frame:
        cursor = self._cursors.seal(p=self.position, v=self.visit.visitor_id)
        return {"sub": "chat", "cursor": cursor, "html": html}


def _refusal(frame: Mapping[str, Any], error: str) -> Frame:
    kind = frame.get("t")
    refused: Frame = {"t": "refused", "what": kind if isinstance(kind, str) else None, "error": error}
    client_id = frame.get("client_id")
    return refused | ({"client_id": client_id} if isinstance(client_id, str) else {})
