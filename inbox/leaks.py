"""What looks as if it should not stand in a mail: numbers of cards and accounts, and passwords.

Only offered to an agent who removes words: nothing is removed by itself.
"""

import re

MOST = 20
_CARD = re.compile(r"(?<![\d.,])\d(?:[ \-]?\d){12,18}(?!\d)")  # ISO/IEC 7812: 13 to 19 digits
_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")  # ISO 13616 (IBAN)
_PASSWORD = re.compile(
    r"\b(?:pass ?word|passwort|kennwort|pass ?phrase|senha|contraseña|mot de passe|pin|cvv|cvc)"
    r"(?:\s+(?:is|ist|es|é|est)\s+|\s*[:=]\s*)(\S{4,60})",
    re.IGNORECASE,
)


def leaks_in(text: str) -> list[str]:
    """The stretches of a text that look like a card's number, an account's or a password, as they stand
    there."""
    found = [each[0] for each in _CARD.finditer(text) if _is_card(each[0])]
    found += [each[0] for each in _ACCOUNT.finditer(text) if _is_account(each[0])]
    found += [each[1].rstrip(".,;:?)\"'") for each in _PASSWORD.finditer(text)]
    return [each for each in dict.fromkeys(found) if len(each) > 3][:MOST]


def _is_card(written: str) -> bool:
    """The check digit of ISO/IEC 7812-1 (Luhn)."""
    digits = [int(one) for one in written if one.isdigit()]
    doubled = [one * 2 - 9 * (one > 4) for one in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_account(written: str) -> bool:
    """The check digits of ISO 7064, as ISO 13616 uses them."""
    plain = written.replace(" ", "")
    moved = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(one, 36)) for one in moved)) % 97 == 1
