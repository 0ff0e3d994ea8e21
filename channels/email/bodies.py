"""Which parts of a mail are its words and which are its files (RFC 2046, 2183, 2387, 8621 §4.1.4)."""

import re
from dataclasses import dataclass, field
from html import escape

from channels.email.charsets import decode
from channels.email.embedded import parts_of, take_files, unpacked
from channels.email.flowed import unflow
from channels.email.invitations import Facts, invitation_words, read_invitation
from channels.email.mime import Part, split
from channels.email.smime import signed_content
from channels.email.tnef import Tnef
from channels.email.transfer import content_of
from inbox.errors import Refused
from inbox.html_limits import crude_text
from inbox.html_text import text_of

MAX_TEXT = 1_000_000
MAX_HTML = 2_000_000
MAX_PART = 12_000_000  # bytes of a text part that are decoded; three are needed for a character at most

_SIGNATURES = frozenset(
    (
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/x-pgp-signature",
    )
)
_READ_AS_TEXT = frozenset(("text/plain", "text/markdown", "text/x-markdown", "text", "text/unknown"))
_STRUCTURE = re.compile(r"--|[!-9;-~]+:|\s|$")
_ENCRYPTED = "This email is encrypted. What it holds is in the attachment."
# Other shapes of the words beside them, which say nothing more.
_SHADOWS = frozenset(("text/x-amp-html", "text/watch-html", "text/x-watch-html"))
_ENRICHED = frozenset(("text/enriched", "text/richtext"))
# HTML under the name of plain text.
_IS_HTML = re.compile(r"\s{0,100}<(?:!doctype html|html|body|div|table)\b", re.IGNORECASE)
_ENDS_HTML = re.compile(r"</(?:html|body|div|table)>\s{0,100}$", re.IGNORECASE)
_ENRICHED_PARAM = re.compile(r"<(param|comment)>.*?</\1>", re.IGNORECASE | re.DOTALL)
_ENRICHED_COMMAND = re.compile(r"<(/?)([a-z0-9-]{1,60})>", re.IGNORECASE)
# Texts that are files whatever they say of themselves.
_TEXT_FILES = frozenset(
    ("text/calendar", "text/csv", "text/vcard", "text/x-vcard", "text/directory", "text/css", "text/xml")
) | frozenset(
    ("text/javascript", "text/rtf", "text/rfc822-headers", "text/x-python", "text/tab-separated-values")
)
_ENCRYPTED_TYPES = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime"))


@dataclass(slots=True)
class Piece:
    """A stretch of a body."""

    text: str
    is_html: bool = False
    _words: str | None = None

    @property
    def words(self) -> str:
        """The text, or that of the HTML."""
        if self._words is None:
            self._words = text_of(self.text) if self.is_html else self.text
        return self._words


@dataclass(slots=True)
class Body:
    """The words of a mail or of a part of it, in order, and the other parts."""

    pieces: list[Piece] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    plain: str | None = None  # where the sender gave a plain text beside the HTML
    facts: Facts = ()  # of an invitation
    spare: Piece | None = None  # words that count only where there are no others

    def add(self, other: "Body") -> None:
        """Append what comes next in the mail."""
        if self.plain is not None or other.plain is not None:
            mine, its = self.words(), other.words()
            self.plain = "\n\n".join(words for words in (mine, its) if words)
        self.pieces += other.pieces
        self.files += other.files
        self.facts = self.facts or other.facts
        self.spare = self.spare or other.spare

    def words(self) -> str:
        """The plain text: the sender's where there is one, else that of the HTML."""
        if self.plain is not None:
            return self.plain
        return "\n\n".join(piece.words.strip("\n") for piece in self.pieces if piece.words.strip())

    @property
    def html(self) -> str | None:
        """The HTML with plain pieces set in their place, or None where there is none."""
        if not any(piece.is_html for piece in self.pieces):
            return None
        return "\n".join(piece.text if piece.is_html else _as_html(piece.text) for piece in self.pieces)


def read_body(root: Part) -> Body:
    """The words and files of a whole mail. Recursion is as deep as its parts, of which `mime` allows 50."""
    body = _read(root)
    if body.spare and not body.words().strip():
        body.pieces.insert(0, body.spare)
    _add_facts(root, body)
    if not body.files and not any(piece.text.strip() for piece in body.pieces):
        # Damaged beyond what its structure says: shown as it stands rather than not at all.
        text = _as_it_stands(root)
        if any(not _STRUCTURE.match(line) for line in text.split("\n")):
            return Body([Piece(text)])
    return body


def _add_facts(root: Part, body: Body) -> None:
    """What an invitation says; where the mail holds no other words, these are they."""
    for part in root.walk():
        if part.content_type in ("text/calendar", "application/ics") and (facts := read_invitation(part)):
            body.facts = facts
            break
    if body.facts and not body.words().strip():
        body.pieces.insert(0, Piece(invitation_words(body.facts)))


def is_attachment(part: Part) -> bool:
    """Whether the sender set it aside as a file."""
    disposition = part.headers.with_parameters("content-disposition")[0].lower()
    return disposition == "attachment"


def filename_of(part: Part) -> str:
    """The file name as written, or ""."""
    hint = part.headers.hint
    named = part.headers.with_parameters("content-disposition")[1].get("filename", hint)
    return named or part.parameters.get("name", hint)


def text_of_part(part: Part) -> str:
    """A text part as text: decoded, line ends unified, flowed lines joined, without NUL."""
    return _text(content_of(part)[:MAX_PART], part)


def _text(content: bytes, part: Part) -> str:
    text = decode(content, part.parameters.get("charset") or None)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").removeprefix("\ufeff")
    if part.parameters.get("format").lower() == "flowed":
        text = unflow(text, delete_space=part.parameters.get("delsp").lower() == "yes")
    return text


def _read(part: Part) -> Body:
    content_type = part.content_type
    if content_type.startswith("multipart/"):
        if not part.children:
            return _unsplit(part)
        if content_type == "multipart/alternative":
            return _alternative(part)
        if content_type == "multipart/related":
            return _related(part)
        if content_type == "multipart/encrypted":
            files = [child for child in part.children if child.content_type != "application/pgp-encrypted"]
            return Body([Piece(_ENCRYPTED)], files)
        return _sequence(part, drop_signatures=content_type == "multipart/signed")
    if _is_words(part):
        return _read_words(part)
    if content_type in _ENCRYPTED_TYPES:
        return _read_sealed(part)
    if (packed := unpacked(part)) is not None:
        return _read_packed(packed)
    return Body(files=[part])


def _read_sealed(part: Part) -> Body:
    """S/MIME in one piece (RFC 8551): what is signed is shown, what is encrypted is a file with a notice."""
    inner = signed_content(content_of(part))
    if inner is not None:
        try:
            body = _read(split(inner))
        except Refused:
            return Body(files=[part])  # beyond the limits: kept as it is
        return body if body.words().strip() or body.files else Body(files=[part])
    if "certs-only" in part.parameters.get("smime-type").lower():
        return Body(files=[part])
    return Body([Piece(_ENCRYPTED)], [part])


def _read_packed(packed: Tnef) -> Body:
    """The files of a winmail.dat; its words only where the mail has none of its own."""
    body = Body(files=list(parts_of(packed)))
    if packed.html or packed.text:
        body.spare = Piece(packed.html or packed.text, bool(packed.html))
    return body


def _read_words(part: Part) -> Body:
    """The words of a text part; of a huge one the beginning, and the whole as a file."""
    is_html = part.content_type == "text/html"
    files: list[Part] = []
    if part.content_type == "text/plain":
        content, files = take_files(content_of(part)[:MAX_PART])
        text = _text(content, part)
        is_html = bool(_IS_HTML.match(text[:1_000]) and _ENDS_HTML.search(text[-1_000:]))
    else:
        text = text_of_part(part)
    if part.content_type in _ENRICHED:
        text = _without_commands(text, rich=part.content_type == "text/richtext")
    if len(text) <= (MAX_HTML if is_html else MAX_TEXT) and part.end - part.start <= MAX_PART:
        return Body([Piece(text, is_html)], files)
    return Body([Piece(crude_text(text)[:MAX_TEXT] if is_html else text[:MAX_TEXT])], [part])


def _without_commands(text: str, *, rich: bool) -> str:
    """text/enriched (RFC 1896) and its forerunner text/richtext (RFC 1341) without their commands."""
    if not rich:
        text = re.sub(r"\n(\n*)", lambda found: found[1] or " ", text)
    text = _ENRICHED_PARAM.sub("", text).replace("<<", "\x01").replace("<lt>", "\x01")
    text = re.sub(r"<(?:nl|paragraph)>", "\n", text, flags=re.IGNORECASE)
    return _ENRICHED_COMMAND.sub("", text).replace("\x01", "<")


def _is_words(part: Part) -> bool:
    """Texts that are not set aside; of an unknown kind those without a name (RFC 2046 §4.1.4)."""
    if is_attachment(part):
        return False
    if part.content_type == "text/html" or part.content_type in _READ_AS_TEXT | _ENRICHED:
        return True
    is_text = part.content_type.startswith("text/") and part.content_type not in _TEXT_FILES | _SHADOWS
    return is_text and not filename_of(part)


def _unsplit(part: Part) -> Body:
    """A multipart in which no boundary was found: shown as it stands where that is text."""
    text = _as_it_stands(part)
    return Body([Piece(text)] if text.strip() else [])


def _as_it_stands(part: Part) -> str:
    return decode(part.content[:MAX_PART]).replace("\r\n", "\n").replace("\x00", "")[:MAX_TEXT]


def _sequence(part: Part, *, drop_signatures: bool) -> Body:
    body = Body()
    for child in part.children:
        if drop_signatures and child.content_type in _SIGNATURES:
            continue
        if body.pieces and _is_words(child) and filename_of(child):
            body.files.append(child)  # a text file shown inline is still a file
            continue
        body.add(_read(child))
    return body


def _alternative(part: Part) -> Body:
    """RFC 2046 §5.1.4: the last one that can be used; HTML is kept with the best plain text beside it."""
    children = [child for child in part.children if child.content_type not in _SHADOWS]
    children.sort(key=lambda child: child.content_type not in _ENRICHED)  # of these the plain text says more
    bodies = [_read(child) for child in children]
    files = [file for body in bodies for file in body.files]
    with_words = [body for body in bodies if body.words().strip()]
    rich = next((body for body in reversed(with_words) if body.html is not None), None)
    plain = next((body for body in reversed(with_words) if body.html is None), None)
    if rich is None:
        return Body(plain.pieces if plain else [], files)
    if plain is None or _says_nothing(plain.words(), rich):
        return Body(rich.pieces, files, rich.plain)
    return Body(rich.pieces, files, plain.words())


def _says_nothing(plain: str, rich: Body) -> bool:
    """A plain alternative that only says that there is HTML, or is HTML itself."""
    words, others = plain.split(), rich.words().split()
    if _IS_HTML.match(plain):
        return True
    if len(words) >= 40 or "html" not in plain.lower():
        return False
    is_other = len(words) < 13 and 2 * len({*words} & {*others}) < len({*words})
    return is_other or len(others) > 2 * len(words)


def _related(part: Part) -> Body:
    """RFC 2387: the root (`start`, else the first) and what it refers to."""
    start = part.parameters.get("start").strip("<> ")
    named = (
        child for child in part.children if start and child.headers.text("content-id").strip("<> ") == start
    )
    root = next(named, part.children[0])
    body = _read(root)
    for child in part.children:
        if child is root:
            continue
        if not body.pieces and (child.content_type.startswith("multipart/") or _is_words(child)):
            body.add(_read(child))
        else:
            body.files += [child] if not child.content_type.startswith("multipart/") else _read(child).files
    return body


def _as_html(text: str) -> str:
    return "<div>" + escape(text.strip("\n")).replace("\n", "<br>\n") + "</div>" if text.strip() else ""
