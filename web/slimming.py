"""Scripts and styles without what only their authors need: comments, space, long names.

It knows as much JavaScript as our own scripts use. Each name that a script declares gets one short name
wherever it stands for a variable, so scopes need not be told apart; properties, keys and texts stay as they
are. What a script must not do for this: getters, methods in object literals, defaults in destructured
objects, labels, and a name of its own that is also a global one.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, product
from string import ascii_letters

_TOKEN = re.compile(
    r"""
      (?P<text>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
    | (?P<remark>/\*.*?\*/|//[^\n]*)
    | (?P<space>\s+)
    | (?P<word>[\w$]+)
    | (?P<mark>\.\.\.|=>|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_PATTERN = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*")
_TEMPLATE = re.compile(r"[`}](?:\\.|\$(?!\{)|[^`\\$])*(?:`|\$\{)", re.DOTALL)
OUTERMOST = -1
_SHORTER = {"const": "let", "true": "!0", "false": "!1"}  # for our scripts the same
_WORDS = """
    async await break case catch const continue delete do else false finally for function if in instanceof let
    new null of return switch this throw true try typeof undefined void while
"""
_KEYWORDS = frozenset(_WORDS.split())
_VALUE_FOLLOWS = ("return", "typeof", "of", "in", "else")
_OBJECT_FOLLOWS = ("(", ",", "=", ":", "[", "?", "&", "|", "...", "return", "const", "let")
_CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement of the outermost level; whether a place stands on that level itself."""

    number: int
    is_outermost: bool


def slim_script(script: str) -> str:
    """The script, doing the same. Lines keep their ends where a statement may end."""
    tokens = list(_renamed(_tokens(script)))
    kept = []
    for number, token in enumerate(tokens):
        before = tokens[number - 1].text[-1:] if number else ""
        after = tokens[number + 1].text[:1] if number + 1 < len(tokens) else ""
        kept.append(_space(token.text, before, after) if token.kind == "space" else token.text)
    return "".join(kept)


def slim_style(style: str) -> str:
    """A style sheet without comments and without the space between its marks."""
    bare = re.sub(r"/\*.*?\*/", "", style, flags=re.S)
    tight = re.sub(r"\s*([{};,>])\s*", r"\1", re.sub(r"\s+", " ", bare))
    return re.sub(r"([{;][\w-]+): ", r"\1:", tight).replace(";}", "}").strip()


def slim_markup(markup: str) -> str:
    """Markup without the line ends between its elements, which mean nothing to ours, and without the quotes
    around plain values."""
    tight = re.sub(r">\s*\n\s*", ">", re.sub(r"\s*\n\s*<", "<", markup)).strip()
    return re.sub(r'="([\w-]+)"(?=[ >])', r"=\1", tight)


def _tokens(script: str) -> list[_Token]:
    """The script's tokens without remarks; the space around one is one space."""
    found: list[_Token] = []
    for token in _lexed(script):
        if token.kind == "space" and found and found[-1].kind == "space":
            found[-1] = _Token("space", found[-1].text + token.text)
        elif token.kind != "remark":
            found.append(token)
    return found


def _lexed(script: str) -> Iterator[_Token]:
    """Every token. The parts of a template around its values are texts, the values are code."""
    place, depths, last = 0, [0], ""
    while place < len(script):
        found = _found(script, place, depths[-1], last)
        kind, text = (found.lastgroup or "text"), found.group()
        if kind == "text" and text[0] in "`}":
            _count_template(text, depths)
        elif text in "{}":
            depths[-1] += 1 if text == "{" else -1
        if kind not in ("space", "remark"):
            last = text
        yield _Token(kind, text)
        place = found.end()


def _found(script: str, place: int, depth: int, last: str) -> re.Match[str]:
    is_template = script[place] == "`" or (script[place] == "}" and depth == 0)
    if is_template and (part := _TEMPLATE.match(script, place)):
        return part
    if script[place] == "/" and not _ends_value(last) and (pattern := _PATTERN.match(script, place)):
        return pattern
    token = _TOKEN.match(script, place)
    if token is None:
        raise ValueError(f"This is no script that can be made slim: {script[place : place + 40]!r}")
    return token


def _count_template(text: str, depths: list[int]) -> None:
    """A value of a template is code of its own depth of braces."""
    if text[0] == "}":
        depths.pop()
    if text.endswith("${"):
        depths.append(0)


def _ends_value(last: str) -> bool:
    """Whether a slash after this divides."""
    return last not in _VALUE_FOLLOWS and (last[-1:] in (")", "]", "}") or _is_word(last[-1:]))


def _renamed(tokens: list[_Token]) -> Iterator[_Token]:
    """The tokens with short names for what the script declares itself."""
    solid = [number for number, token in enumerate(tokens) if token.kind != "space"]
    code = [tokens[number] for number in solid]
    short = _short_by_place(code)
    shorter = [at for at, token in enumerate(code) if token.text in _SHORTER and _is_free(code, at)]
    short |= {at: _SHORTER[code[at].text] for at in shorter}
    objects = _inside_objects(code)
    places = {solid[at]: at for at in short}
    for number, token in enumerate(tokens):
        at = places.get(number)
        if at is None:
            yield token
            continue
        is_short_key = at in objects and _before(code, at) in "{," and _after(code, at) in (",", "}")
        yield _Token("word", (f"{token.text}:" if is_short_key else "") + short[at])


def _short_by_place(code: Sequence[_Token]) -> dict[int, str]:
    """The short name for each place of a variable that the script declares, the shortest for the most used.

    What is declared in no function has a name of its own; what only lives inside a statement of the outermost
    level shares its short names with what lives in others.
    """
    statements, variables = _statements(code), set(_variables(code))
    declared = set(_declared(code, variables, statements))
    used: dict[int, Counter[str]] = defaultdict(Counter)
    for at in variables:
        for home in (OUTERMOST, statements[at].number):
            if (home, code[at].text) in declared:
                used[home][code[at].text] += 1
                break
    free = _short_names({token.text for token in code if token.kind == "word"})
    outer = used.pop(OUTERMOST, Counter())
    inside = list(islice(free, max(map(len, used.values()), default=0)))
    names = {home: _named(counted, inside) for home, counted in used.items()}
    names[OUTERMOST] = _named(
        outer, [name if len(name) == 1 else next(free) for name, _ in outer.most_common()]
    )
    found = {}
    for at in variables:
        for home in (OUTERMOST, statements[at].number):
            if short := names.get(home, {}).get(code[at].text):
                found[at] = short
                break
    return found


def _named(counted: Counter[str], short: Sequence[str]) -> dict[str, str]:
    return dict(zip((name for name, _ in counted.most_common()), short, strict=False))


def _statements(code: Sequence[_Token]) -> list[_Statement]:
    """The statement of each place. A script that is one function has its outermost level inside of it."""
    lowest = 2 if [token.text for token in code[:2]] == ["(", "function"] else 0
    found, depth, number = [], 0, 0
    for at, token in enumerate(code):
        text = token.text if token.kind == "mark" else ""
        depth += text in _CLOSING
        found.append(_Statement(number, depth <= lowest))
        depth -= text in _CLOSING.values()
        goes_on = text == "}" and not _is_word(_after(code, at)[0])
        if depth == lowest and text in (";", "}") and not goes_on:
            number += 1
    return found


def _variables(code: Sequence[_Token]) -> Iterator[int]:
    """Where a word stands for a variable: after no dot, and before no colon that makes it a key."""
    for at, token in enumerate(code):
        is_name = token.kind == "word" and token.text not in _KEYWORDS and not token.text[0].isdigit()
        if is_name and _is_free(code, at):
            yield at


def _is_free(code: Sequence[_Token], at: int) -> bool:
    """Whether a word is neither a property nor a key."""
    is_key = _before(code, at) in ("{", ",") and _after(code, at) == ":"
    return _before(code, at) != "." and not is_key


def _declared(
    code: Sequence[_Token], variables: set[int], statements: Sequence[_Statement]
) -> Iterator[tuple[int, str]]:
    """Each name that is declared, with the statement in which it lives."""
    for at, token in enumerate(code):
        before = statements[at - 1] if at else statements[at]
        here = OUTERMOST if before.is_outermost else before.number
        if at in variables and _before(code, at) == "function":
            yield here, token.text
        if at in variables and _after(code, at) == "=>":
            yield statements[at].number, token.text
        if token.text in ("const", "let"):
            home = OUTERMOST if statements[at].is_outermost else statements[at].number
            yield from ((home, code[each].text) for each in _listed(code, at) if each in variables)
        if token.text in _CLOSING and _declares(code, at):
            home = statements[at].number if token.text == "(" else here
            yield from ((home, name) for name in _taken_apart(code, at, variables))


def _taken_apart(code: Sequence[_Token], at: int, variables: set[int]) -> Iterator[str]:
    """The names in the brackets that open here: parameters, or what an array or an object is taken into."""
    for number in range(at + 1, _end_of(code, at)):
        if number in variables and _before(code, number) in ("(", "[", "{", ",", ":", "..."):
            yield code[number].text


def _listed(code: Sequence[_Token], at: int) -> Iterator[int]:
    """The places of what one `const` or `let` declares: what stands behind it and behind each comma of its
    own."""
    depth, is_next = 0, True
    for number in range(at + 1, len(code)):
        text = code[number].text if code[number].kind == "mark" else ""
        depth += (text in _CLOSING) - (text in _CLOSING.values())
        if depth < 0 or text == ";":
            return
        if is_next and code[number].kind == "word":
            yield number
        is_next = text == "," and not depth


def _declares(code: Sequence[_Token], at: int) -> bool:
    """Whether what is bracketed here declares: parameters, or what is taken apart."""
    if code[at].text == "(":
        return _after(code, _end_of(code, at)) == "=>" or _before(code, at - 1) == "function"
    return _before(code, at) in ("const", "let")


def _end_of(code: Sequence[_Token], at: int) -> int:
    opening, depth = code[at].text, 0
    for number in range(at, len(code)):
        if code[number].kind == "mark":
            depth += (code[number].text == opening) - (code[number].text == _CLOSING[opening])
        if not depth:
            return number
    raise ValueError("A bracket is never closed.")


def _inside_objects(code: Sequence[_Token]) -> set[int]:
    """The places whose nearest bracket is the brace of an object, or of one that is taken apart."""
    found, open_ones = set(), [False]
    for at, token in enumerate(code):
        if token.kind == "text" and token.text[0] in "`}":
            if token.text[0] == "}":
                open_ones.pop()
            if token.text.endswith("${"):
                open_ones.append(False)
        elif token.kind == "mark" and token.text in _CLOSING:
            open_ones.append(token.text == "{" and _before(code, at) in _OBJECT_FOLLOWS)
        elif token.kind == "mark" and token.text in _CLOSING.values():
            open_ones.pop()
        elif open_ones[-1]:
            found.add(at)
    return found


def _before(code: Sequence[_Token], at: int) -> str:
    return code[at - 1].text if at else "\n"


def _after(code: Sequence[_Token], at: int) -> str:
    return code[at + 1].text if at + 1 < len(code) else "\n"


def _short_names(taken: set[str]) -> Iterator[str]:
    singles = iter(ascii_letters)
    doubles = ("".join(pair) for pair in product(ascii_letters, repeat=2))
    return (name for name in chain(singles, doubles) if name not in taken | _KEYWORDS)


def _space(token: str, before: str, after: str) -> str:
    if "\n" in token:
        return "" if before in "{;,(=&|?:[" or (after in "})]?:&|." and before != "}") else "\n"
    joins_words = _is_word(before) and _is_word(after)
    return " " if joins_words or (before in "+-" and after == before) else ""


def _is_word(character: str) -> bool:
    return character.isalnum() or character in ("_", "$")
