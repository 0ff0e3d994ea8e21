"""Markdown as agents may write it: CommonMark, tables, strike-through, and bare addresses as links."""

from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from inbox.links import linkify
from inbox.sanitising import safe_link


def rendered(text: str) -> str:
    """The HTML of a text, not yet sanitised; raw HTML in it is text."""
    return str(_markdown().render(text))


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    markdown.validateLink = lambda url: safe_link(url) is not None  # type: ignore[method-assign]
    markdown.core.ruler.push("bare_links", _link_bare_addresses)
    return markdown


def _link_bare_addresses(state: StateCore) -> None:
    for block in state.tokens:
        if block.type != "inline" or not block.children:
            continue
        children: list[Token] = []
        inside = 0
        for token in block.children:
            inside += token.nesting if token.type in ("link_open", "link_close") else 0
            children += [token] if token.type != "text" or inside else _linked(token)
        block.children = children


def _linked(token: Token) -> list[Token]:
    tokens: list[Token] = []
    for segment in linkify(token.content):
        text = Token("text", "", 0, content=segment.text)
        if segment.url is None:
            tokens.append(text)
        else:
            opening = Token("link_open", "a", 1, attrs={"href": segment.url})
            tokens += [opening, text, Token("link_close", "a", -1)]
    return tokens
