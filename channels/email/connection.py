"""A bounded IMAP connection: imapclient over a socket that we own.

The library reads whatever length a server announces into memory and keeps every untagged line; a server
that went mad must cost us the connection, not the process. Owning the socket also allows breaking off from
another thread.
"""

import imaplib
import logging
import socket
import ssl
from typing import Any, cast

from imapclient import IMAPClient

from channels.email.addresses import reject_controls
from channels.email.servers import MailServer
from inbox.errors import OnethreadError

CONNECT_SECONDS = 20.0
READ_SECONDS = 30.0
LINE_OCTETS = 8_000_000  # about a million UIDs in one SEARCH answer
ANSWER_OCTETS = 16_000_000
LINE_COST = 100  # what the library keeps beside the octets of a line

TOKEN_MECHANISMS = ("XOAUTH2", "OAUTHBEARER")  # of which every large provider takes the first

# RFC 5530: the password may well be right.
_PASSING = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[CONTACTADMIN]", "TOO MANY", "TEMPORAR")


class MailboxTrouble(OnethreadError):
    """The mailbox cannot be read now; it may work later."""


class MailboxUnreachable(MailboxTrouble):
    """No server answered."""


class LoginRefused(MailboxTrouble):
    """The user name or the password is wrong; trying again soon would only lock the account."""


class ImapConnection(imaplib.IMAP4):
    """The protocol, with a bound on what one answer may hold. `allowance` is renewed before each command."""

    def __init__(self, server: MailServer, tls: ssl.SSLContext | None) -> None:
        self._server = server
        self._tls = tls
        self.allowance = ANSWER_OCTETS
        super().__init__(server.host, server.port, CONNECT_SECONDS)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        plain = socket.create_connection((self._server.host, self._server.port), timeout)
        try:
            _notice_silence(plain)
            if not self._server.implicit_tls:
                return plain
            context = self._tls or ssl.create_default_context()
            return context.wrap_socket(plain, server_hostname=self._server.host)
        except BaseException:
            plain.close()
            raise

    def read(self, size: int) -> bytes:
        """*size* octets of a literal."""
        self._spend(size)
        content = cast(bytes, self.file.read(size))
        if len(content) < size:
            raise self.abort("the connection was lost in the middle of a mail")
        return content

    def readline(self) -> bytes:
        """One line with its end."""
        line = cast(bytes, self.file.readline(LINE_OCTETS + 1))
        if len(line) > LINE_OCTETS:
            raise self.abort("the server sent a line without end")
        self._spend(len(line) + LINE_COST)
        return line

    def _spend(self, size: int) -> None:
        self.allowance -= size
        if self.allowance < 0:
            raise self.abort("the server sent more than was asked for")


class ImapSession(IMAPClient):  # type: ignore[misc]  # the library has no types
    """imapclient on an ImapConnection."""

    def __init__(self, server: MailServer, tls: ssl.SSLContext | None) -> None:
        self._server = server
        self._context = tls
        super().__init__(
            server.host, server.port, ssl=server.implicit_tls, ssl_context=tls, timeout=READ_SECONDS
        )
        self.normalise_times = False
        self._imap.debug = 0  # the library would format every line of every mail for its debug log

    def _create_IMAP4(self) -> ImapConnection:
        return ImapConnection(self._server, self._context)

    def allow(self, octets: int = ANSWER_OCTETS) -> None:
        """Let the answer to the next command hold so much."""
        self._imap.allowance = octets

    def has_unread_answer(self) -> bool:
        """Whether part of an answer has left the socket already, which would then stay silent."""
        sock: Any = self.socket()
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        unread = getattr(self._imap, "_readbuf", None)  # from Python 3.14 on
        if unread is not None:
            return bool(unread)
        sock.setblocking(False)
        try:
            return bool(self._imap.file.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            sock.settimeout(READ_SECONDS)


def open_session(server: MailServer, tls: ssl.SSLContext | None) -> ImapSession:
    """Connect and log in.

    Raises LoginRefused, or another MailboxTrouble where the server cannot be reached or offers no encryption.
    """
    try:
        session = ImapSession(server, tls)
    except ssl.SSLCertVerificationError as error:
        raise MailboxTrouble(
            f"The certificate of {server.host} cannot be trusted: {error.verify_message}."
        ) from error
    except OSError as error:
        raise MailboxUnreachable(f"{server.host} could not be reached: {one_line(error)}") from error
    except imaplib.IMAP4.error as error:
        raise MailboxTrouble(f"{server.host} did not greet: {one_line(error)}") from error
    try:
        _secure(session, server, tls)
        _log_in(session, server)
    except BaseException:
        close_session(session)
        raise
    return session


def close_session(session: ImapSession) -> None:
    """Let go of the connection without asking the server."""
    try:
        session.shutdown()
    except OSError:
        logging.getLogger(__name__).debug("the connection was closed already")


def break_off(session: ImapSession) -> None:
    """End whatever another thread waits for on this session, at once."""
    sock: Any = session.socket()
    try:
        # Not SSLSocket's own, which takes the TLS state away from the reading thread.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        logging.getLogger(__name__).debug("the connection was closed already")


def one_line(error: BaseException) -> str:
    """What an error says, short and without control characters: a server may have written it."""
    text = str(error.args[0]) if len(error.args) == 1 else str(error)
    if text.startswith(("b'", 'b"')):
        text = text[2:-1]
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:300]


def _secure(session: ImapSession, server: MailServer, tls: ssl.SSLContext | None) -> None:
    # A certificate for this very machine is nothing that the system would know.
    if server.implicit_tls or (server.is_loopback and tls is None):
        return
    if not session.has_capability("STARTTLS"):
        raise MailboxTrouble(f"{server.host} offers no encryption (STARTTLS), so no password was sent to it.")
    try:
        session.starttls(tls)
    except ssl.SSLCertVerificationError as error:
        raise MailboxTrouble(
            f"The certificate of {server.host} cannot be trusted: {error.verify_message}."
        ) from error
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxTrouble(f"{server.host} failed to start the encryption: {one_line(error)}") from error


def _log_in(session: ImapSession, server: MailServer) -> None:
    user = reject_controls(server.user or "", field="imap user")
    if server.access_token is not None:
        return _sign_in(session, server, user, server.access_token)
    password = reject_controls(server.password or "", field="imap password")
    try:
        if session.has_capability("AUTH=PLAIN"):  # takes every character, LOGIN does not
            session.plain_login(user, password)
        else:
            session.login('"{}"'.format(user.replace("\\", "\\\\").replace('"', '\\"')), password)
    except (imaplib.IMAP4.abort, OSError) as error:
        raise MailboxTrouble(f"{server.host} broke off at the login: {one_line(error)}") from error
    except imaplib.IMAP4.error as error:
        raise _login_failure(server, one_line(error)) from error


def _sign_in(session: ImapSession, server: MailServer, user: str, token: str) -> None:
    mechanism = next((name for name in TOKEN_MECHANISMS if session.has_capability(f"AUTH={name}")), None)
    if mechanism is None:
        raise MailboxTrouble(f"{server.host} lets nobody in by the sign-in of a provider.")
    # After an error challenge the client owes an answer without content (RFC 7628 §3.2.3).
    answers = iter([initial_response(mechanism, server, user, token)])
    farewell = b"\x01" if mechanism == "OAUTHBEARER" else b""
    try:
        session.sasl_login(mechanism, lambda challenge: next(answers, farewell))
    except (imaplib.IMAP4.abort, OSError) as error:
        raise MailboxTrouble(f"{server.host} broke off at the login: {one_line(error)}") from error
    except imaplib.IMAP4.error as error:
        raise _login_failure(server, one_line(error)) from error


def initial_response(mechanism: str, server: MailServer, user: str, token: str) -> bytes:
    """What XOAUTH2, or OAUTHBEARER (RFC 7628 §3.1), begins with."""
    if mechanism == "XOAUTH2":
        return f"user={user}\x01auth=Bearer {token}\x01\x01".encode()
    name = user.replace("=", "=3D").replace(",", "=2C")  # RFC 5801 §4
    head = f"n,a={name},\x01host={server.host}\x01port={server.port}"
    return f"{head}\x01auth=Bearer {token}\x01\x01".encode()


def _login_failure(server: MailServer, answer: str) -> MailboxTrouble:
    if any(sign in answer.upper() for sign in _PASSING):
        return MailboxTrouble(f"{server.host} cannot log anybody in at the moment: {answer}")
    if server.access_token is not None:
        return LoginRefused(f"{server.host} refused the sign-in of {server.user}: {answer}")
    return LoginRefused(f"{server.host} refused the user name or password of {server.user}: {answer}")


def _notice_silence(sock: socket.socket) -> None:
    """Let the kernel find out within a minute and a half that the other side is gone."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, seconds in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, name):  # macOS knows other names
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)
