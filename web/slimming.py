"""Scripts, styles and markup without what only their authors need, by tdewolff's minifier.

That is a compiled library, which some systems have no build of (pyproject.toml says where it is installed).
There everything is served as it is written, which does the same and weighs more.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

_MINIFIER: Any = import_module("minify") if find_spec("minify") else None
if _MINIFIER is not None:
    # An element's end means something to whoever reads the page's source, and to a template put into a page.
    _MINIFIER.config({"html-keep-document-tags": True, "html-keep-end-tags": True})


def slim_script(script: str) -> str:
    """The script, doing the same. Raises ValueError for what is no JavaScript."""
    return _slim("application/javascript", script)


def slim_style(style: str) -> str:
    """The style sheet, looking the same. Raises ValueError for what is no CSS."""
    return _slim("text/css", style)


def slim_markup(markup: str) -> str:
    """The markup, meaning the same; the space between words stays."""
    return _slim("text/html", markup)


def _slim(media_type: str, written: str) -> str:
    if _MINIFIER is None:
        return written
    try:
        return str(_MINIFIER.string(media_type, written))
    except _MINIFIER.MinifyError as error:
        raise ValueError(f"This {media_type} cannot be made slim: {error}") from error
