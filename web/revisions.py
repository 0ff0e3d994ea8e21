"""The database revisions that this version knows, without loading the tool that applies them."""

import re
from importlib.util import find_spec
from pathlib import Path


def known_revisions() -> list[str]:
    """The ids of all revisions, oldest first, from their files' names."""
    package = find_spec("migrations")
    assert package is not None and package.origin is not None, "the migrations belong to the wheel"
    files = (Path(package.origin).parent / "versions").glob("[0-9]*.py")
    return sorted(match[0] for file in files if (match := re.match(r"\d{4}", file.name)))
