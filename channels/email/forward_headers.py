"""Reads the header that a mail program sets above the mail that it passes on, in any language that quotes do.

One look at a bounded number of lines. What stands there was typed or can have been: it is hearsay.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from channels.email.quote_patterns import (
    bare_label,
    is_attribution,
    is_dashed_title,
    is_delimiter,
    is_moment_alone,
    is_rule,
    label_kind,
)

MAX_LINES = 4_000  # that are looked at for where a passed on mail begins
MOST_FIELDS = 30  # lines of a header
MOST_TRIES = 100
LONGEST_LINE = 2_000

# "forwarded", in the titles that programs set above what they pass on.
_FORWARDED = re.compile(
    r"forward|weitergeleitet|transf[ée]r|transmis|r[ée]exp[ée]di|reenvi|encaminha|inoltrat|doorgestuurd|videresend"
    r"|vidarebefordra|välitetty|edelleenlähetetty|przekaz|przesłan|přeposl|preposl|proslijeđ|prosleđ|továbbít|posredovan"
    r"|redirec[tț]ionat|пересыл|переслан|пересил|перенаправ|переадрес|ileti|προωθ|הועבר|توجيه|转发|轉寄|転送|전달"
    r"|persiųst|edastatud|pārsūt|terusan|chuyển tiếp|ส่งต่อ",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"[<\[(]\s{0,2}(?:mailto:)?([^\s<>\[\]()]{1,120}@[^\s<>\[\]()]{3,200})\s{0,2}[>\])]"
    r"|([^\s<>\[\]():;,\"']{1,120}@[^\s<>\[\]():;,\"']{3,200})"
)
_BARE_FIELD = re.compile(r"([^\W\d_]{2,14})\s+([\"<'(\d].{2,400}|\S{1,120}@\S.{0,400})$")
_BARE_SUBJECT = re.compile(r"([^\W\d_]{4,10})\s+(\S.{0,400})$")
_OTHER_FIELD = re.compile(r"[A-Z][A-Za-z-]{2,30}: \S")
_CUT_HERE = re.compile(r"[=\-<8 >]{6,}.{0,60}[=\-<8 >]{0,60}$")
_END = re.compile(r"[-=<8> ]{3,}\s?(?:end|ende|fin|fine|fim|einde)\b.{0,60}[-=]{3,}$", re.IGNORECASE)
_STAMP = re.compile(
    r".{0,80}\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\s?[ap]\.?m\.?)?(?:\s?\(?(?:gmt|utc)?[+-]?\d{0,4}\)?)?",
    re.IGNORECASE,
)
# Marks of direction and their like, which nobody sees.
_UNSEEN = dict.fromkeys((*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF))
_EDGES = ' \t\u00a0"*<([,;:\u00ab\u00bb\u201c\u201d\u201e\u200e\u200f\u202a-\u202e'


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A mail that stands in the text of another one; `address` and `name` are its writer's, or ""."""

    address: str
    name: str
    to: tuple[tuple[str, str], ...] = ()  # (name, address)
    cc: tuple[tuple[str, str], ...] = ()
    subject: str = ""
    date: str = ""
    body: str = ""


@dataclass(slots=True)
class _Fields:
    values: dict[str, str] = field(default_factory=dict)
    last: str = ""

    def add(self, kind: str, value: str) -> None:
        self.last = kind
        self.values.setdefault(kind, value)

    def go_on(self, value: str) -> None:
        self.values[self.last] += f" {value}"


def beginning_of(text: str, *, named: bool) -> int | None:
    """Where a passed on mail begins: at a title that says so; where the subject does (*named*), also at the
    title or header of any mail, or at its announcement where nobody has written above it: else it is an
    answer. None where nothing of the kind is found."""
    position = tries = 0
    is_first = True
    for raw in text.split("\n", MAX_LINES)[:MAX_LINES]:
        line = _plain(raw[:LONGEST_LINE])
        if _is_title(line) and (named or _FORWARDED.search(line)):
            return position
        if named and raw.startswith(">>> ") and is_delimiter(raw.strip()):
            return position  # GroupWise: ">>> Jane Doe <jane@x> 1/2/2023 3:04 PM >>>"
        is_candidate = _is_first_field(line) or (is_first and _names_writer(raw))
        if named and tries < MOST_TRIES and is_candidate:
            tries += 1
            passed = read_passed(text[position : position + 8_000])
            if passed is not None and passed.address:
                return position
        is_first = is_first and not line
        position += len(raw) + 1
    return None


def read_passed(text: str) -> Passed | None:
    """The mail whose title, header or announcement stands at the beginning of *text*, or None."""
    lines = text.split("\n")
    start = _after_titles(lines, 0)
    fields, end = _read_fields(lines, start)
    if "from" not in fields.values or len(fields.values) < 2:
        return _announced(lines, start) or _in_columns(lines, start)
    depth = _depth(lines[start])
    words = _after_titles(lines, end)
    if words < len(lines) and label_kind(_plain(lines[words][:LONGEST_LINE])):
        words = end  # the title of another mail inside of this one
    body = "\n".join(_without_marks(line, depth) for line in lines[words:])
    address, name = _split(fields.values["from"])
    address = address or _split(fields.values.get("sender", ""))[0]
    return Passed(
        address=address,
        name=name,
        to=tuple(_people(fields.values.get("to", ""))),
        cc=tuple(_people(fields.values.get("cc", ""))),
        subject=" ".join(fields.values.get("subject", "").split()),
        date=fields.values.get("date", "").strip(),
        body=without_end(body),
    )


def untold(text: str) -> Passed | None:
    """What stands below a title that says "forwarded" and tells in no way that we know who wrote it, or
    None."""
    title, _, below = text.partition("\n")
    title = _plain(title[:LONGEST_LINE])
    if not (_is_title(title) and _FORWARDED.search(title)):
        return None
    return Passed(address="", name="", body=without_end(below))


def is_leftover(line: str) -> bool:
    """Whether a line belongs to the header of a mail, or to its title, and not to its words."""
    line = _plain(line[:LONGEST_LINE])
    return bool(
        label_kind(line) or _OTHER_FIELD.match(line) or _is_title(line) or is_rule(line) or "===8<" in line
    )


def _plain(line: str) -> str:
    return line.translate(_UNSEEN).replace("\u00a0", " ").strip("> \t|*\r").removesuffix("*")


def _is_title(line: str) -> bool:
    if not line or len(line) > 200:
        return False
    return is_delimiter(line) or (is_dashed_title(line) and bool(_FORWARDED.search(line)))


def _is_first_field(line: str) -> bool:
    return label_kind(line) in ("from", "date", "subject")


def _names_writer(line: str) -> bool:
    return "@" in line and len(line) < 400 and (line.startswith(">>>") or is_attribution(_plain(line)))


def _after_titles(lines: Sequence[str], index: int) -> int:
    """Past empty lines, strokes and titles."""
    for _ in range(12):
        if index >= len(lines):
            break
        line = _plain(lines[index][:LONGEST_LINE])
        if line and not (_is_title(line) or is_rule(line) or _CUT_HERE.fullmatch(line)):
            break
        index += 1
    return index


def _read_fields(lines: Sequence[str], index: int) -> tuple[_Fields, int]:
    """The fields from a line on, and where they end."""
    fields = _Fields()
    blank = False
    for number in range(index, min(index + MOST_FIELDS, len(lines))):
        raw = lines[number][:LONGEST_LINE]
        line = _plain(raw)
        found = _field(line, fields)
        if not line:
            blank = bool(fields.values)
        elif found is not None and not (blank and found[0] in fields.values):
            fields.add(*found)
            blank = False
        elif blank or not fields.values:
            return fields, number
        elif fields.last in ("to", "cc") and ("@" in line or raw[:1] in " \t"):
            fields.go_on(line)
        elif fields.last == "subject" and raw[:1] == " " and line:
            fields.go_on(line)  # folded
        elif not (len(fields.values) > 1 and _OTHER_FIELD.match(line)):
            return fields, number
    return fields, min(index + MOST_FIELDS, len(lines))


def _field(line: str, fields: _Fields) -> tuple[str, str] | None:
    if kind := label_kind(line):
        value = re.split("[:\uff1a]", line, maxsplit=1)[1]
        return kind, value.strip(" *_|\t")
    if line[:7].lower() == "sender:":
        return "sender", line[7:].strip()
    label, bar, value = line.partition("|")
    if bar and (kind := bare_label(label)):  # a table: "| From | Jane Doe<jane@x> |"
        return kind, value.strip()
    if found := _BARE_FIELD.match(line):
        kind = bare_label(found[1])
        if kind and (kind in ("date", "subject") or "@" in found[2]):
            return kind, found[2]
    found = _BARE_SUBJECT.match(line) if {"from", "date"} <= fields.values.keys() else None
    return ("subject", found[2]) if found and bare_label(found[1]) == "subject" else None


def _announced(lines: Sequence[str], index: int) -> Passed | None:
    """`02.01.2023, 15:04, "Jane Doe" <jane@x>:` in the place of a header."""
    if index >= len(lines):
        return None
    line = _plain(lines[index][:LONGEST_LINE])
    joined = (
        line
        if "@" in line
        else f"{line} {_plain(lines[index + 1][:LONGEST_LINE])}"
        if index + 1 < len(lines)
        else line
    )
    found = _ADDRESS.search(joined)
    if found is None or not (is_attribution(joined) or lines[index].startswith(">>>") or _is_stamped(joined)):
        return None
    address = found[1] or found[2]
    before = _STAMP.sub("", joined[: found.start()], count=1).strip(_EDGES)
    name = re.sub(r"^(?:uhr|schrieb|hat|from|von|de|от|,)\s+", "", before, flags=re.IGNORECASE)
    after = index + (1 if joined == line else 2)
    fields = _Fields()
    if after < len(lines) and label_kind(_plain(lines[after][:LONGEST_LINE])) in ("to", "subject"):
        fields, after = _read_fields(lines, after)  # Yandex says the rest below
    depth = _depth(lines[after]) if after < len(lines) else 0
    body = "\n".join(_without_marks(one, depth) for one in lines[after:])
    return Passed(
        address=address,
        name=name.strip(_EDGES)[:200],
        to=tuple(_people(fields.values.get("to", ""))),
        subject=fields.values.get("subject", "").strip(" ;"),
        body=without_end(body),
    )


def _in_columns(lines: Sequence[str], index: int) -> Passed | None:
    """Lotus Notes: the writer, the moment, and then each label above its value."""
    near = [_plain(line[:LONGEST_LINE]) for line in lines[index : index + MOST_FIELDS]]
    if len(near) < 4 or not near[0] or not is_moment_alone(near[1]):
        return None
    address, name = _split(near[0])
    values: dict[str, str] = {}
    label = None
    for number, line in enumerate(near[2:], index + 3):
        if kind := bare_label(line):
            label = kind
        elif line and label:
            values[label], label = line, None
        elif line:
            break
        if "subject" in values:
            body = without_end("\n".join(lines[number:]))
            people = tuple(_people(values.get("to", "")))
            facts = {"to": people, "subject": values["subject"], "date": near[1], "body": body}
            return Passed(address=address, name=name, **facts)  # type: ignore[arg-type]
    return None


def _is_stamped(line: str) -> bool:
    return bool(re.match(r"\d{1,2}[./]\d{1,2}[./]\d{4}, \d{1,2}:\d\d, ", line)) and line.endswith(":")


def bare_name(name: str) -> str:
    """A name without the marks around it; one that is quoted only in part keeps them: `'Jane' via Sales`."""
    name = " ".join(name.strip('"* ').split())
    is_quoted = len(name) > 1 and name[0] == name[-1] == "'" and "'" not in name[1:-1]
    return name[1:-1] if is_quoted else name


def _split(value: str) -> tuple[str, str]:
    """Address and name of a field's first mailbox, either "" where there is none."""
    found = _ADDRESS.search(value)
    if found is None:
        return "", " ".join(value.strip(_EDGES + ">])").split())[:200]
    name = bare_name(value[: found.start()].strip(_EDGES))[:200]
    address = (found[1] or found[2]).removeprefix("mailto:")
    return address, "" if name == address else name


def _people(value: str) -> Iterator[tuple[str, str]]:
    position = 0
    for found in _ADDRESS.finditer(value[:20_000]):
        address = (found[1] or found[2]).removeprefix("mailto:")
        name = bare_name(value[position : found.start()].strip(_EDGES + ">])"))
        position = found.end()
        yield "" if name == address else name[:200], address


def _depth(line: str) -> int:
    return len(line[:40].replace(" ", "")) - len(line[:40].replace(" ", "").lstrip(">"))


def _without_marks(line: str, depth: int) -> str:
    for _ in range(depth):
        if not line.startswith(">"):
            break
        line = line[1:].removeprefix(" ")
    return line


def without_end(body: str) -> str:
    """The words without the line that says that what was passed on ends there."""
    body = body.strip()
    head, _, last = body.rpartition("\n")
    return head.rstrip() if head and _END.match(last.strip()) else body
