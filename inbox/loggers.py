"""Where loggers come from, so that structlog is loaded in one place.

It draws tracebacks with rich wherever it finds it. Ours are plain (web/logs.py), and rich takes 4 MB of a
server's memory and a tenth of its start.
"""

import sys

_IS_ABSENT = "rich" not in sys.modules
if _IS_ABSENT:
    sys.modules["rich"] = None  # type: ignore[assignment]  # what Python knows of modules that must not load

import structlog  # noqa: E402

if _IS_ABSENT:
    del sys.modules["rich"]

__all__ = ["get_logger", "structlog"]

get_logger = structlog.stdlib.get_logger
