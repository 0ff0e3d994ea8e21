"""Scripts, styles and markup without what only their authors need, by tdewolff's minifier.

That is a compiled library, which some systems have no build of (pyproject.toml says where it is installed).
There everything is served as it is written, which does the same and weighs more. It runs in a process of its
own, since its runtime would stay in the server's memory for good.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec

SCRIPT, STYLE, MARKUP = "application/javascript", "text/css", "text/html"
LONGEST_SECONDS = 60.0
# An element's end means something to whoever reads the page's source, and to a template put into a page.
_PROGRAM = """
import json, sys, minify
minify.config({"html-keep-document-tags": True, "html-keep-end-tags": True})
json.dump([minify.string(media_type, written) for media_type, written in json.load(sys.stdin)], sys.stdout)
"""


def slim(*texts: tuple[str, str]) -> Sequence[str]:
    """These texts (each with its media type), meaning the same, in their order. Raises ValueError where one
    is not what its type says."""
    if find_spec("minify") is None:
        return [written for _, written in texts]
    done = subprocess.run(
        [sys.executable, "-I", "-c", _PROGRAM],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:]
        raise ValueError(f"This cannot be made slim: {' '.join(reason)}")
    slimmed: list[str] = json.loads(done.stdout)
    return slimmed
