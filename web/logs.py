"""Log lines: ids and facts, never bodies, addresses, tokens or queries."""

import logging
import sys
import time
from typing import TYPE_CHECKING, Any, Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inbox.loggers import get_logger, structlog
from web import metrics

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

log = get_logger("onethread.http")
SLOW_SECONDS = 1.0


def configure_logs(log_format: Literal["console", "json"]) -> None:
    """Send our own lines and those of the libraries to standard error, in one format."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_values,
    ]
    renderer: Processor
    if log_format == "json":
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_plain)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )
    out = logging.StreamHandler(sys.stderr)
    out.setFormatter(formatter)
    logging.root.handlers[:] = [out]
    logging.root.setLevel(logging.INFO)
    for name in ("httpx2", "httpcore2"):  # at info they write every address that is asked
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _plain(out: Any, exc_info: Any) -> None:
    structlog.dev.plain_traceback(out, exc_info)


def _without_values(_: "WrappedLogger", __: str, event: "EventDict") -> "EventDict":
    """A database driver's error quotes the row that it failed on: keep its first line only."""
    if isinstance(event.get("error"), BaseException):
        error = event["error"]
        event["error"] = f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"
    return event


class RequestLog:
    """One line for each failed or slow request, and its figures in the metrics. The path is the route's
    pattern, because paths can hold tokens."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        pattern = scope.get("onethread.route", "(none)")
        metrics.count_request(scope["method"], pattern, status, seconds)
        if status >= 500:
            log.warning("request failed", method=scope["method"], route=pattern, status=status)
        elif seconds > SLOW_SECONDS and not scope.get("onethread.waits"):
            log.info(
                "request was slow", method=scope["method"], route=pattern, milliseconds=int(seconds * 1000)
            )
