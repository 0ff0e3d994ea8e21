"""Words out of texts, HTML and stored JSON, wherever and however they were broken over lines.

Pure: what is stored is read and written by `inbox.actions.redactions`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from inbox.errors import Invalid
from inbox.html_limits import is_bearable

MARK = "[removed]"
SHORTEST = 4  # characters that are no blanks
LONGEST = 20_000
MOST_PHRASES = 200
_NODE = "\ue000"  # stands between the text nodes of a document
_BETWEEN = rf"[\s>|\u200b{_NODE}]"
_DIGITS = re.compile(r"[\d\s.\-–/]+")  # noqa: RUF001
# Under these names stored JSON holds what somebody wrote; everything else is ours.
_WRITTEN = frozenset(
    ("text", "text_quoted", "subject", "words", "preview", "comment", "question", "reason", "body", "answer")
)


@dataclass(frozen=True, slots=True)
class Replaced:
    """A text without the words, how often they stood there, and the ranges that went, in the old text."""

    text: str
    ranges: Sequence[tuple[int, int]] = ()

    def moved(self, position: int, *, to_end: bool = False) -> int:
        """Where a position of the old text is now; one inside of what went is at the mark's beginning or
        end."""
        shift = 0
        for start, end in self.ranges:
            if position >= end:
                shift += len(MARK) - (end - start)
            elif position > start:
                return start + shift + (len(MARK) if to_end else 0)
        return position + shift


class Words:
    """Phrases that are to go. A phrase is found over line breaks, quotation marks and tags, whatever its
    case; one of digits alone (a card's number) however they are grouped."""

    def __init__(self, phrases: Iterable[str]) -> None:
        wanted = dict.fromkeys(" ".join(phrase.split()) for phrase in phrases)
        self.phrases = sorted(filter(None, wanted), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_pattern_of, self.phrases)) or r"(?!)", re.IGNORECASE)

    def __bool__(self) -> bool:
        return bool(self.phrases)

    def are_in(self, text: str) -> bool:
        return self._pattern.search(text) is not None

    def found_in(self, text: str) -> list[str]:
        """The phrases that stand in *text*, one by one."""
        return [phrase for phrase in self.phrases if Words([phrase]).are_in(text)]

    def out_of(self, text: str) -> Replaced:
        """The text with a mark in the place of each phrase."""
        ranges = [found.span() for found in self._pattern.finditer(text)]
        return Replaced(self._pattern.sub(lambda _: MARK, text) if ranges else text, ranges)

    def out_of_html(self, html: str) -> str | None:
        """The document with marks; None where the words cannot be told from its markup, so that it has to
        go."""
        if not is_bearable(html):
            return None if self.are_in(html) else html
        tree = LexborHTMLParser(html)
        nodes = list(_texts(tree))
        joined = _NODE.join(text for _, text in nodes)
        is_attributed = any(self._is_said_by(element) for element in tree.css("*"))
        if not self.are_in(joined) and not is_attributed and not self.are_in(html):
            return html
        self._rewrite(nodes, [found.span() for found in self._pattern.finditer(joined)])
        for element in tree.css("*"):
            for name, value in list(element.attributes.items()):
                if value and (self.are_in(value) or self.are_in(unquote(value))):
                    element.attrs[name] = MARK if name in ("alt", "title") else ""
        written = tree.html or ""
        left = _NODE.join(text for _, text in _texts(LexborHTMLParser(written)))
        return None if self.are_in(left) or self.are_in(written) else written

    def out_of_json(self, value: Any, *, is_written: bool = False) -> Any:
        """Stored JSON with marks, where its names say that somebody wrote it."""
        if isinstance(value, str):
            return self.out_of(value).text if is_written else value
        if isinstance(value, list):
            return [self.out_of_json(one, is_written=is_written) for one in value]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("text"), str) and "spans" in value:
            value = value | self.out_of_columns(value)
        is_journal = value.get("column") in _WRITTEN
        return {
            name: self.out_of_json(
                one, is_written=name in _WRITTEN or (is_journal and name in ("old", "new"))
            )
            for name, one in value.items()
        }

    def out_of_columns(self, columns: dict[str, Any]) -> dict[str, Any]:
        """What a message says (subject, text with its spans, HTML, fields), with marks."""
        replaced = self.out_of(columns["text"])
        spans = [
            [replaced.moved(start), replaced.moved(end, to_end=True), kind]
            for start, end, kind in columns["spans"]
        ]
        html = columns.get("html")
        new = {
            "text": replaced.text,
            "spans": spans,
            "subject": self.out_of(columns.get("subject") or "").text,
            "html": self.out_of_html(html) if html else html,
        }
        if "fields" in columns:
            new["fields"] = [[label, self.out_of(str(value)).text] for label, value in columns["fields"]]
        return new

    def _is_said_by(self, element: LexborNode) -> bool:
        values = [value for value in element.attributes.values() if value]
        return any(self.are_in(value) or self.are_in(unquote(value)) for value in values)

    def _rewrite(self, nodes: Sequence[tuple[LexborNode, str]], ranges: Sequence[tuple[int, int]]) -> None:
        """Take ranges of the joined text out of the nodes that it was joined of: the mark stands in the
        first."""
        offset = 0
        for node, text in nodes:
            end = offset + len(text)
            pieces, position = [], offset
            for first, last in ranges:
                if last <= offset or first >= end:
                    continue
                pieces.append(text[position - offset : max(first, offset) - offset])
                pieces.append(MARK if first >= offset else "")
                position = min(last, end)
            if pieces:
                node.replace_with("".join([*pieces, text[position - offset :]]))
            offset = end + len(_NODE)


def words_of(typed: Iterable[str]) -> Words:
    """What an agent wants to have removed. Raises Invalid for what is too short to be told apart, or too
    much."""
    words = Words(typed)
    if len(words.phrases) > MOST_PHRASES or any(len(phrase) > LONGEST for phrase in words.phrases):
        raise Invalid("This is too much at once. Remove the whole message instead.", field="words")
    for phrase in words.phrases:
        if len(phrase.replace(" ", "")) < SHORTEST:
            raise Invalid(
                "Choose at least %(count)s characters: fewer stand in too many places.",
                field="words",
                count=SHORTEST,
            )
    return words


def lines_of(text: str, *, shortest: int = 12) -> list[str]:
    """The lines by which others quote a text; what is shorter may be anybody's."""
    lines = (line.strip(" \t>|") for line in text.splitlines())
    return [line for line in dict.fromkeys(lines) if len(line.replace(" ", "")) >= shortest]


def _pattern_of(phrase: str) -> str:
    if _DIGITS.fullmatch(phrase) and sum(map(str.isdigit, phrase)) >= SHORTEST:
        digits = [one for one in phrase if one.isdigit()]
        between = rf"(?:{_BETWEEN}|[.\-–/\u00a0]){{0,3}}"  # noqa: RUF001
        return rf"(?<!\d){between.join(digits)}(?!\d)"
    words = (rf"{_NODE}?".join(map(re.escape, word)) for word in phrase.split())
    return rf"{_BETWEEN}+".join(words)


def _texts(tree: LexborHTMLParser) -> Iterable[tuple[LexborNode, str]]:
    """The text nodes in their order, those that nobody sees too; comments are taken away."""
    root = tree.root
    if root is None:
        return []
    found: list[tuple[LexborNode, str]] = []
    comments: list[LexborNode] = []
    for node in root.traverse(include_text=True):
        if node.is_text_node:
            found.append((node, node.text_content or ""))
        elif node.is_comment_node:
            comments.append(node)
    for comment in comments:
        comment.decompose()
    return found
