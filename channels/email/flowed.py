"""format=flowed (RFC 3676): lines that end in a blank go on in the next one of the same quote depth."""

import re

_DEPTH = re.compile(r">*")


def unflow(text: str, *, delete_space: bool = False) -> str:
    """The paragraphs of a flowed text, each on one line, quotes marked with "> " as everywhere else."""
    paragraphs: list[tuple[int, list[str]]] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        found = _DEPTH.match(line)
        depth = found.end() if found else 0
        content = line[depth:]
        if content.startswith(" "):
            content = content[1:]  # space-stuffing, §4.4
        is_signature = content == "-- "
        flows = content.endswith(" ") and not is_signature
        if flows and delete_space:
            content = content[:-1]
        if open_depth == depth and not is_signature:
            paragraphs[-1][1].append(content)
        else:
            paragraphs.append((depth, [content]))
        open_depth = depth if flows else None
    return "\n".join(_written(depth, "".join(pieces)) for depth, pieces in paragraphs)


def _written(depth: int, paragraph: str) -> str:
    if not depth:
        return paragraph
    return ">" * depth + (" " + paragraph if paragraph.strip() else "")
