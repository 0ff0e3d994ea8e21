"""Which mail server an account's URL names, and whether a password may be sent to it."""

import ipaddress
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from channels.email.addresses import reject_controls
from inbox.envelopes import Account
from inbox.errors import Invalid

IMAP_PORTS = {"imap": 143, "imaps": 993}
SMTP_PORTS = {"smtp": 587, "smtps": 465}  # RFC 8314 §3.3


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server to log in to. `implicit_tls`: TLS from the first byte (RFC 8314), else STARTTLS is due.

    With an `access_token` (RFC 6750) there is no password.
    """

    host: str
    port: int
    implicit_tls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine, so that no network sees what goes to it unencrypted."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"


def imap_server(account: Account, *, access_token: str | None = None) -> MailServer:
    """Where the account's mail is fetched from; raises Invalid where its URL cannot be used."""
    server = _server(account, account.imap_url, IMAP_PORTS, example="imaps://user@host:993")
    return replace(server, access_token=access_token)


def smtp_server(account: Account) -> MailServer:
    """Where the account's mail is handed over; raises Invalid where its URL cannot be used."""
    return _server(account, account.smtp_url, SMTP_PORTS, example="smtps://user@host:465")


def foreign_login(account: Account) -> str | None:
    """The domain of the account at which mail is handed over, where it is another one than that of the
    mailbox: receivers may find that the two do not align (RFC 7489 §3.1). None where there is no doubt."""
    user = (smtp_server(account).user or "") if account.smtp_url else ""
    login, own = (address.rpartition("@")[2].lower() for address in (user, account.address))
    if "@" not in user or f".{login}".endswith(f".{own}") or f".{own}".endswith(f".{login}"):
        return None
    return login


def _server(account: Account, address: str | None, ports: dict[str, int], *, example: str) -> MailServer:
    kind = "imap" if "imaps" in ports else "smtp"
    try:
        url = urlsplit(reject_controls(address or "", field=kind))
        port = url.port
    except ValueError as error:
        raise Invalid(
            "The %(kind)s server must be given like %(example)s.",
            kind=kind.upper(),
            example=example,
            field=kind,
        ) from error
    if url.scheme not in ports or not url.hostname:
        raise Invalid(
            "The %(kind)s server must be given like %(example)s.",
            kind=kind.upper(),
            example=example,
            field=kind,
        )
    user = unquote(url.username) if url.username else (account.address if account.sign_in else None)
    return MailServer(
        host=url.hostname,
        port=port or ports[url.scheme],
        implicit_tls=url.scheme.endswith("s"),
        user=reject_controls(user, field=f"{kind} user") if user else None,
        password=None if account.sign_in else account.password,
    )
