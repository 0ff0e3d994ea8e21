"""A mail server that keeps everything it accepts and fails when told to."""

import asyncio
import base64
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.services.certificates import Certificate
from tests.services.launch import free_port

WAIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Accepted:
    """A mail that the server took responsibility for, whether or not its client was told."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed by the standard library."""
        return message_from_bytes(self.raw, policy=policy.default)


class Drop(StrEnum):
    """The moment at which the server breaks the connection off."""

    ON_CONNECT = "on_connect"
    BEFORE_DATA = "before_data"
    AFTER_DATA = "after_data"  # the mail is accepted; the answer is lost


@dataclass(slots=True)
class Faults:
    """What goes wrong. Each fault comes so many times and is then over; `FOREVER` ones stay."""

    recipients: dict[str, tuple[str, int]] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    drops: Counter[Drop] = field(default_factory=Counter)
    slow_seconds: float = 0.0


FOREVER = 1_000_000


class SmtpSink:
    """SMTP on a port of its own, in a thread of its own, so that any client may talk to it.

    `ledger` lists what was accepted, `attempts` how often each recipient was named, `logins` how often a
    password was shown; `tls` shows the certificate.
    """

    def __init__(
        self,
        *,
        certificate: Certificate | None = None,
        implicit_tls: bool = False,
        credentials: tuple[str, str] | None = None,
        max_bytes: int = 33_554_432,
    ) -> None:
        self.port = free_port()
        self.url = f"{'smtps' if implicit_tls else 'smtp'}://127.0.0.1:{self.port}"
        self._credentials = credentials
        self._changed = threading.Condition()
        self.reset()
        context = certificate.server_context() if certificate else None
        self.tls = context
        self._controller = _Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            ssl_context=context if implicit_tls else None,
            tls_context=None if implicit_tls else context,
            auth_required=credentials is not None,
            auth_require_tls=certificate is not None and not implicit_tls,
            authenticator=self._authenticate,
            data_size_limit=max_bytes,
            server_hostname="sink.example",
        )
        self._controller.start()

    def reset(self) -> None:
        """Forget the mail and the faults."""
        with self._changed:
            self.ledger: list[Accepted] = []
            self.attempts: Counter[str] = Counter()
            self.connections = self.logins = 0
            self.faults = Faults()

    def refuse(self, address: str, reply: str = "550 5.1.1 No such user", *, times: int = FOREVER) -> None:
        """Answer RCPT for this address with *reply*: 4xx for now, 5xx for good."""
        self.faults.recipients[address.lower()] = (reply, times)

    def refuse_data(self, reply: str = "451 4.3.0 Try again later", *, times: int = 1) -> None:
        """Answer the end of DATA with *reply* instead of accepting the mail."""
        self.faults.data.extend([reply] * times)

    def drop(self, moment: Drop, *, times: int = 1) -> None:
        """Break the next connections off at this moment."""
        self.faults.drops[moment] += times

    def slow(self, seconds: float) -> None:
        """Let every mail wait so long for its answer."""
        self.faults.slow_seconds = seconds

    def wait_for(self, count: int, *, seconds: float = WAIT_SECONDS) -> list[Accepted]:
        """Block until *count* mails have been accepted; inside a loop await `arrival()` instead."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.ledger) >= count, timeout=seconds):
                raise AssertionError(f"{len(self.ledger)} of {count} mails came within {seconds:g} s")
            return list(self.ledger)

    def arrival(self, count: int = 1, *, seconds: float = WAIT_SECONDS) -> Awaitable[list[Accepted]]:
        """Wait until *count* mails have been accepted; answers all of them."""
        return asyncio.to_thread(self.wait_for, count, seconds=seconds)

    def close(self) -> None:
        """Stop listening."""
        self._controller.stop(no_assert=True)

    # What the controller's thread calls.

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """RFC 5321, 4.1.1.3."""
        with self._changed:
            self.attempts[address.lower()] += 1
            if reply := self._take_recipient_fault(address.lower()):
                return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """RFC 5321, 4.1.1.4; comes after the final dot."""
        if self.faults.slow_seconds:
            await asyncio.sleep(self.faults.slow_seconds)
        with self._changed:
            if self.faults.data:
                return self.faults.data.pop(0)
            content = envelope.content
            raw = content if isinstance(content, bytes) else str(content or "").encode()
            self.ledger.append(Accepted(envelope.mail_from or "", tuple(envelope.rcpt_tos), raw))
            self._changed.notify_all()
        await self.break_off(server, Drop.AFTER_DATA)
        return "250 2.0.0 Accepted"

    async def break_off(self, server: SMTP, moment: Drop) -> None:
        """Cut the connection, if that is due now; the caller is then cancelled with it."""
        if self.faults.drops[moment] < 1:
            return
        self.faults.drops[moment] -= 1
        if server.transport is not None:
            cast(asyncio.Transport, server.transport).abort()
        await asyncio.sleep(WAIT_SECONDS)

    def _take_recipient_fault(self, address: str) -> str | None:
        reply, times = self.faults.recipients.get(address, ("", 0))
        if times < 1:
            return None
        self.faults.recipients[address] = (reply, times - 1)
        return reply

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: object
    ) -> AuthResult:
        self.logins += 1
        if self._credentials is None or not isinstance(login, LoginPassword):
            return AuthResult(success=self._credentials is None, handled=False)
        name, password = self._credentials
        is_right = login.login == name.encode() and login.password == password.encode()
        return AuthResult(success=is_right, handled=False)  # the server itself answers 235 or 535


class TokenSmtpSink(SmtpSink):
    """Lets in whoever shows, by XOAUTH2, a token that *knows* takes for this user's."""

    def __init__(self, knows: Callable[[str, str], bool]) -> None:
        self._knows = knows
        self.let_in = self.refused = 0
        super().__init__()

    async def auth_XOAUTH2(self, server: SMTP, arguments: list[str]) -> AuthResult:
        """Google's and Microsoft's way: an error is a challenge, which the client answers with nothing."""
        shown = base64.b64decode(arguments[1]).decode().split("\x01")
        user, token = shown[0].removeprefix("user="), shown[1].removeprefix("auth=Bearer ")
        if self._knows(user, token):
            self.let_in += 1
            return AuthResult(success=True, auth_data=user)
        self.refused += 1
        assert await server.challenge_auth('{"status":"401"}') == b""
        return AuthResult(success=False, handled=False)


class _Protocol(SMTP):
    """aiosmtpd's server, which can also hang up before it has answered DATA or greeted."""

    event_handler: SmtpSink

    async def _handle_client(self) -> None:
        self.event_handler.connections += 1
        await self.event_handler.break_off(self, Drop.ON_CONNECT)
        await super()._handle_client()

    async def smtp_DATA(self, arg: str) -> None:
        await self.event_handler.break_off(self, Drop.BEFORE_DATA)
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Protocol(self.handler, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        """Replaces a connection of the base class's own, which would be counted among the test's."""
        self._factory_invoked.set()
        self.smtpd = cast(SMTP, object())
