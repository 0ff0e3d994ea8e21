"""Address lists (RFC 5322 §3.4, RFC 6532) as senders write them; linear, no recursion, never raises."""

import re
import unicodedata
from dataclasses import dataclass, field

import idna

from channels.email.encoded_words import decode_header

MAX_ADDRESSES = 2_000

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|\\.|[(),:;<>\\]|[^"\\(),:;<>]+', re.DOTALL)
_DOTS_APART = re.compile(r"(@[\w-]{1,63})\s{0,9}\.\s{0,9}(?=\w)")  # "jane@shop . example"
_BETWEEN = re.compile(r"[\s<>\"(),:;\[\]]+")
_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*")
_LITERAL = re.compile(r"\[[0-9a-fA-F.:v]{2,60}\]|\[ipv6:[0-9a-f.:]{2,60}\]")
_PLAIN_LOCAL = re.compile(r"[^\s\"(),:;<>@\[\]\\]+")
_FORBIDDEN = re.compile(
    r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff\ufffd]"
)


@dataclass(slots=True)
class _Entry:
    phrase: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angle: list[str] | None = None
    in_angle: bool = False


def parse_addresses(value: bytes, hint: str | None = None) -> list[tuple[str, str]]:
    """(name, address) of every mailbox in a raw header value, in order; the address is as written, or "".

    Groups are opened, comments become names where there is none, a name's stray comma is forgiven.
    """
    text = value.replace(b"\r", b"").replace(b"\n", b"").decode("latin-1")
    found = _joined_names(_entries(text), hint)
    if any(address for _, address in found):
        return found
    if loose := _loose(text)[:MAX_ADDRESSES]:
        return [("", _text(address, hint)) for address in loose]
    decoded = decode_header(value, hint)
    if "=?" in text and "@" in decoded and decoded != text:  # name and address in one encoded word
        return parse_addresses(decoded.encode(), "utf-8")
    return found


def normalise_address(text: str) -> str | None:
    """The one form of an email address by which identities are compared, or None where it is none.

    Lower-case, Unicode NFC, the domain in IDNA 2008 (UTS 46); plus-tags and dots stay.
    """
    text = unicodedata.normalize("NFC", text.strip().strip("<>").strip())
    if text[:7].lower() == "mailto:":
        text = text[7:]
    local, at, domain = text.rpartition("@")
    local = _bare_local(local.lower())
    domain = _ascii_domain(domain.strip().strip(".").lower())
    if not at or not local or not domain or len(local) + len(domain) > 320:
        return None
    return f"{local}@{domain}"


def _bare_local(local: str) -> str:
    """Without quotes that it does not need; "" where it cannot be a local part."""
    if len(local) > 2 and local[0] == local[-1] == '"':
        inner = re.sub(r"\\(.)", r"\1", local[1:-1])
        if _PLAIN_LOCAL.fullmatch(inner) and not _FORBIDDEN.search(inner):
            return inner
        return "" if re.search(r"[\x00-\x1f\x7f\u2028\u2029@]", inner) else local
    return local if _PLAIN_LOCAL.fullmatch(local) and not _FORBIDDEN.search(local) else ""


def _ascii_domain(domain: str) -> str:
    if not domain.isascii():
        if len(domain) > 253:
            return ""
        try:
            domain = idna.encode(domain, uts46=True, transitional=False).decode("ascii")
        except (idna.IDNAError, UnicodeError, ValueError):
            return ""
    return domain if _DOMAIN.fullmatch(domain) or _LITERAL.fullmatch(domain) else ""


def _entries(text: str) -> list[_Entry]:
    entries = [_Entry()]
    depth = 0
    comment: list[str] = []
    for token in _TOKEN.findall(text):
        entry = entries[-1]
        if depth or (token == "(" and not entry.in_angle):
            depth += (token == "(") - (token == ")")
            comment.append(token)
            if not depth:
                entry.comments.append("".join(comment)[1:-1])
                comment = []
        elif token in ",;" and not (entry.in_angle and entry.angle and entry.angle[0].startswith("@")):
            if len(entries) >= MAX_ADDRESSES:
                break
            entries.append(_Entry())
        else:
            _add(entry, token)
    return entries


def _add(entry: _Entry, token: str) -> None:
    if token == "<":
        entry.in_angle, entry.angle = True, []
    elif token == ">":
        entry.in_angle = False
    elif entry.in_angle and entry.angle is not None:
        entry.angle.append(token)
    elif token == ":" and entry.angle is None and "@" not in "".join(entry.phrase):
        entry.phrase = []  # the name of a group (RFC 5322 §3.4), or "mailto:"
    else:
        entry.phrase.append(token)


def _joined_names(entries: list[_Entry], hint: str | None) -> list[tuple[str, str]]:
    """A piece without an address is the first half of a name with a comma: `Doe, Jane <jane@x>`."""
    found: list[tuple[str, str]] = []
    waiting = ""
    for entry in entries:
        name, address = _name_and_address(entry, hint)
        if address:
            found.append((f"{waiting}, {name}" if waiting and name else name or waiting, address))
            waiting = ""
        elif name:
            if waiting:
                found.append((waiting, ""))
            waiting = name
    if waiting:
        found.append((waiting, ""))
    return found


def _loose(text: str) -> list[str]:
    """What looks like an address, wherever it stands."""
    return [word for word in _BETWEEN.split(text) if "@" in word[1:-1]]


def _name_and_address(entry: _Entry, hint: str | None) -> tuple[str, str]:
    if entry.angle is not None:
        address = _bare("".join(entry.angle))
        if address.startswith("@"):  # a source route, `<@relay,@relay:jane@x>`, obsolete since RFC 2822
            address = address.rpartition(":")[2]
        address = address.removeprefix("mailto:").strip("'")
        name = _name(entry.phrase, hint)
        if not address and (loose := _loose(name)):
            return name, loose[0]
        return name or _name(entry.comments, hint), _text(address, hint)
    phrase = _DOTS_APART.sub(r"\1.", "".join(entry.phrase).strip())
    if "@" not in phrase:
        return _name(entry.phrase or entry.comments, hint), ""
    if phrase.startswith('"') and (quoted := re.fullmatch(r'"(?:[^"\\]|\\.)*"@\S+', phrase)):
        return _name(entry.comments, hint), _text(quoted[0], hint)
    word = next((word for word in phrase.split() if "@" in word.strip("@")), "") or re.sub(r"\s+", "", phrase)
    rest = phrase.replace(word, " ", 1)
    return _name([rest], hint) or _name(entry.comments, hint), _text(
        word.strip("'\"[]").removeprefix("mailto:"), hint
    )


def _bare(angle: str) -> str:
    """What stands between angle brackets, without comments and blanks, but for those in quotation marks."""
    pieces = re.split(r'("(?:[^"\\]|\\.)*")', angle)
    bare = (
        re.sub(r"\([^()@]*\)|\s+", "", piece) if number % 2 == 0 else piece
        for number, piece in enumerate(pieces)
    )
    return "".join(bare)


def _name(pieces: list[str], hint: str | None) -> str:
    """Quotation marks and their escapes go before the words are decoded: many quote an encoded word."""
    plain = [_unquoted(piece) if piece.startswith('"') else piece for piece in pieces]
    name = _text("".join(plain), hint).strip()
    is_quoted = len(name) > 1 and name[0] == name[-1] == "'"  # and not "'Jane' via Sales"
    return name[1:-1].strip() if is_quoted and "'" not in name[1:-1] else name


def _unquoted(piece: str) -> str:
    return re.sub(r"\\(.)", r"\1", piece[1:].removesuffix('"'))


def _text(latin: str, hint: str | None) -> str:
    return decode_header(latin.encode("latin-1"), hint)
