"""HTML to plain text with line breaks where a reader sees them, and with the places of marked elements.

One walk over Lexbor's tree without recursion, so that no depth of nesting does harm.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from inbox.envelopes import Span, SpanKind
from inbox.html_limits import crude_text, is_bearable, names

MAX_HTML = 5_000_000

_UNSEEN = names(
    "head script style title template noscript iframe object embed svg math audio video canvas select "
    "textarea"
)
_BLOCKS = names(
    "address article aside body center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 "
    "h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul blockquote"
)
_APART = names("p h1 h2 h3 h4 h5 h6 ul ol table blockquote pre dl")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_HIDDEN = re.compile(
    r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden|max-height\s*:\s*0(?:px)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
# What newsletters set behind their first line, so that a list of mails shows nothing of the rest.
_FILLING = re.compile("(?:[\u200b\u200c\u200d\u034f\u00ad\u2007\ufeff][ \u00a0]*){3,}")
_RULE = "_" * 32


@dataclass(frozen=True, slots=True)
class Mark:
    """Says that an element is not new words; `to_end`: nor is anything after it."""

    kind: SpanKind
    to_end: bool = False


def text_of(html: str) -> str:
    """The words of an HTML document or fragment as plain text."""
    return marked_text(html, lambda node: None)[0]


def marked_text(html: str, mark: Callable[[LexborNode], Mark | None]) -> tuple[str, tuple[Span, ...]]:
    """The words, and the ranges of what *mark* answered for its element; marked elements do not nest."""
    html = html[:MAX_HTML].replace("\x00", "")
    if not is_bearable(html):
        return _SPACES.sub(" ", crude_text(html)).strip(), ()
    tree = LexborHTMLParser(html)
    root = tree.body or tree.root
    writer = _Writer()
    if root is not None:
        _walk(root, mark, writer)
    return writer.finish()


def _walk(root: LexborNode, mark: Callable[[LexborNode], Mark | None], writer: "_Writer") -> None:
    stack: list[tuple[LexborNode, bool]] = [(root, False)]
    marked: LexborNode | None = None
    while stack:
        node, leaving = stack.pop()
        if leaving:
            writer.close(node.tag or "")
            if marked is not None and marked.mem_id == node.mem_id:
                marked = None
                writer.unmark()
            continue
        if node.is_text_node:
            writer.write(node.text_content or "")
            continue
        tag = node.tag or ""
        if not node.is_element_node or tag in _UNSEEN or _is_hidden(node):
            continue
        if marked is None and (found := mark(node)):
            marked = node if not found.to_end else root
            writer.mark(found.kind)
        writer.open(tag)
        stack.append((node, True))
        child = node.last_child
        while child is not None:
            stack.append((child, False))
            child = child.prev
    if marked is not None:
        writer.unmark()


def _is_hidden(node: LexborNode) -> bool:
    style = node.attributes.get("style")
    return bool(style and _HIDDEN.search(style))


@dataclass(slots=True)
class _Writer:
    """Collects text; line breaks are owed until the next word, so that empty blocks leave no holes."""

    pieces: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    length: int = 0
    owed: int = 0
    space: bool = False
    preformatted: int = 0
    opened: tuple[int, SpanKind] | None = None
    starting: SpanKind | None = None

    def open(self, tag: str) -> None:
        if tag == "br":
            self.owed = min(self.owed + 1, 3)
            self.space = False
        elif tag in _BLOCKS:
            self._break(2 if tag in _APART else 1)
            self.preformatted += tag == "pre"
            if tag == "hr":
                self._put(_RULE)
                self._break(1)
            elif tag == "li":
                self._put("- ")
        elif tag in ("td", "th"):
            self.space = True

    def close(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._break(2 if tag in _APART else 1)
            self.preformatted -= tag == "pre"

    def write(self, text: str) -> None:
        if self.preformatted:
            lines = text.replace("\r\n", "\n").split("\n")
            for number, line in enumerate(lines):
                if number:
                    self.owed = min(self.owed + 1, 3)
                if line:
                    self._put(line)
            return
        text = _FILLING.sub(" ", _SPACES.sub(" ", text))
        if text == " " or not text:
            self.space = self.space or bool(text)
            return
        if text[0] == " ":
            self.space = True
        self._put(text.strip(" "))
        self.space = text[-1] == " "

    def mark(self, kind: SpanKind) -> None:
        self.starting = kind

    def unmark(self) -> None:
        if self.opened is not None:
            start, kind = self.opened
            self.spans.append(Span(start, self.length, kind))
        self.opened = self.starting = None

    def finish(self) -> tuple[str, tuple[Span, ...]]:
        """The text and the marked ranges, in order."""
        return "".join(self.pieces), tuple(self.spans)

    def _break(self, lines: int) -> None:
        self.owed = max(self.owed, lines)
        self.space = False

    def _put(self, text: str) -> None:
        if self.pieces:
            self._add("\n" * self.owed if self.owed else " " * self.space)
        self.owed, self.space = 0, False
        if self.starting is not None:
            self.opened, self.starting = (self.length, self.starting), None
        self._add(text.replace("\xa0", " ") if not self.preformatted else text)

    def _add(self, text: str) -> None:
        if text:
            self.pieces.append(text)
            self.length += len(text)
