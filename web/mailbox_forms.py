"""Between the fields of a mailbox's page about provider and Sent folder, and what its channel stores."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from channels.email.oauth import MAIL_SERVERS, providers
from inbox.actions.sent_copies import SENT_COPIES
from inbox.config import Settings
from inbox.errors import Invalid
from inbox.phrases import N_
from inbox.sending_rates import SENDING_RATE, SendingRate, rate_in

PASSWORD = "password"
_NAMES = ("google", "microsoft", "other")


def provider_choices(settings: Settings) -> list[tuple[str, str]]:
    """The ways to sign in to a mailbox, as a choice on its page."""
    return [(PASSWORD, N_("Password")), *((key, each.name) for key, each in providers(settings).items())]


def mailbox_values(settings: Mapping[str, Any]) -> dict[str, str]:
    """What the page of a mailbox with these settings shows in its fields."""
    return {
        "sign_in": settings.get("sign_in") or PASSWORD,
        "client_id": settings.get("client_id") or "",
        "sent_copies": settings.get("sent_copies") or "",
        **_rate_values(settings),
        "arc_sealers": ", ".join(settings.get("arc_sealers", ())),
    }


def mailbox_settings(form: FormData, servers: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that the page asks for, None for one to take away. A known provider's mail *servers* need
    not be typed. Raises Invalid."""
    chosen = _text(form, "sign_in")
    sign_in = None if chosen in ("", PASSWORD) else chosen
    if sign_in is not None and sign_in not in _NAMES:
        raise Invalid("This provider is not known here.", field="sign_in")
    copies = _text(form, "sent_copies")
    if copies and copies not in SENT_COPIES:
        raise Invalid("Choose whether sent mails are laid into the Sent folder.", field="sent_copies")
    known = dict(zip(("imap_url", "smtp_url"), MAIL_SERVERS.get(sign_in or "", ()), strict=False))
    return {
        "sign_in": sign_in,
        "client_id": _text(form, "client_id") or None,
        "sent_copies": copies or None,
        SENDING_RATE: _rate(form),
        "arc_sealers": _text(form, "arc_sealers").lower().replace(",", " ").split() or None,
        **{name: servers.get(name) or url for name, url in known.items()},
    }


def _rate_values(settings: Mapping[str, Any]) -> dict[str, str]:
    rate = rate_in(settings)
    return {"rate_mails": str(rate.mails) if rate else "", "rate_period": rate.period if rate else "hour"}


def _rate(form: FormData) -> str | None:
    """The sending rate of its two fields; None where no number is given."""
    mails = _text(form, "rate_mails")
    return str(SendingRate.parse(f"{mails}/{_text(form, 'rate_period') or 'hour'}")) if mails else None


def client_secret(form: FormData) -> str | None:
    """The registration's secret as it was typed; None leaves the stored one."""
    return _text(form, "client_secret") or None


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""
