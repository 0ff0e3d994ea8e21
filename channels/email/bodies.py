"""Which parts of a mail are its words and which are its files (RFC 2046, 2183, 2387, 8621 §4.1.4)."""

import re
from dataclasses import dataclass, field
from html import escape

from channels.email.charsets import decode
from channels.email.flowed import unflow
from channels.email.mime import Part
from channels.email.transfer import content_of
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

    def add(self, other: "Body") -> None:
        """Append what comes next in the mail."""
        if self.plain is not None or other.plain is not None:
            mine, its = self.words(), other.words()
            self.plain = "\n\n".join(words for words in (mine, its) if words)
        self.pieces += other.pieces
        self.files += other.files

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
    if not body.files and not any(piece.text.strip() for piece in body.pieces):
        # Damaged beyond what its structure says: shown as it stands rather than not at all.
        text = _as_it_stands(root)
        if any(not _STRUCTURE.match(line) for line in text.split("\n")):
            return Body([Piece(text)])
    return body


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
    text = decode(content_of(part)[:MAX_PART], part.parameters.get("charset") or None)
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
            return Body([Piece(_ENCRYPTED)], list(part.children))
        return _sequence(part, drop_signatures=content_type == "multipart/signed")
    return _read_words(part) if _is_words(part) else Body(files=[part])


def _read_words(part: Part) -> Body:
    """The words of a text part; of a huge one the beginning, and the whole as a file."""
    is_html = part.content_type == "text/html"
    text = text_of_part(part)
    if len(text) <= (MAX_HTML if is_html else MAX_TEXT) and part.end - part.start <= MAX_PART:
        return Body([Piece(text, is_html)])
    return Body([Piece(crude_text(text)[:MAX_TEXT] if is_html else text[:MAX_TEXT])], [part])


def _is_words(part: Part) -> bool:
    if part.content_type != "text/html" and part.content_type not in _READ_AS_TEXT:
        return False
    return not is_attachment(part)


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
    bodies = [_read(child) for child in part.children]
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
    words = plain.split()
    if plain.lstrip()[:200].lower().startswith(("<html", "<!doctype", "<div", "<body", "<table")):
        return True
    return len(words) < 40 and "html" in plain.lower() and len(rich.words().split()) > 2 * len(words)


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
