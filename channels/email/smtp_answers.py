"""What an SMTP server's answers mean for a mail: what is tried again, what never will be, and for whom."""

import ssl

from aiosmtplib import SMTPAuthenticationError, SMTPResponseException

from inbox.envelopes import Outcome, RecipientOutcome
from inbox.errors import DeliveryFailure, PermanentFailure, TemporaryFailure

AUTHENTICATION_FAILED = 535  # the outbox pauses a mailbox whose login answers so
FULL = 552  # RFC 5321 §4.5.3.1.10: "too many recipients" from servers that mean 452

_NEEDS_LOGIN = {530, 534, 535, 538}  # RFC 4954 §6


def failure_of(refusal: SMTPResponseException) -> DeliveryFailure:
    """An answer that holds for the whole attempt."""
    text = one_line(refusal.message)
    if refusal.code in _NEEDS_LOGIN:
        return TemporaryFailure(f"The mail server refused the login: {text}", code=AUTHENTICATION_FAILED)
    if 500 <= refusal.code < 600 and not isinstance(refusal, SMTPAuthenticationError):
        return PermanentFailure(text, code=refusal.code)
    return TemporaryFailure(text, code=refusal.code)


def before_data(error: BaseException) -> TemporaryFailure:
    """Trouble while nothing had been sent yet."""
    for cause in (error, error.__cause__):
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = one_line(cause.verify_message)
            return TemporaryFailure(f"The mail server's certificate cannot be trusted: {reason}.")
    code = error.code if isinstance(error, SMTPResponseException) and error.code > 0 else None
    return TemporaryFailure(f"The mail server could not be reached: {reason_of(error)}", code=code)


def outcome_of(refusal: SMTPResponseException, *, temporary: bool = False) -> RecipientOutcome:
    """An answer that holds for one recipient; *temporary* whatever its code says."""
    # A code that no RFC knows proves nothing, so it is tried again.
    permanent = 500 <= refusal.code < 600 and not temporary
    outcome = Outcome.PERMANENT if permanent else Outcome.TEMPORARY
    code = refusal.code if refusal.code > 0 else None
    return RecipientOutcome(outcome=outcome, text=one_line(refusal.message), code=code)


def reason_of(error: BaseException) -> str:
    """What went wrong, in one line."""
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {one_line(error.message)}"
    return one_line(str(error)) or type(error).__name__


def one_line(text: str) -> str:
    """A server's words in one line."""
    whole = text.encode("utf-8", "replace").decode()
    return " ".join(whole.split())[:500]
