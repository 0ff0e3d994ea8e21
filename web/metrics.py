"""Figures for Prometheus: requests by route, and what other parts count."""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

REGISTRY = CollectorRegistry()

_requests = Counter(
    "onethread_requests_total", "Answered requests.", ["method", "route", "status"], registry=REGISTRY
)
_seconds = Histogram(
    "onethread_request_seconds",
    "Time to answer.",
    ["route"],
    buckets=(0.005, 0.02, 0.06, 0.15, 0.5, 2, 10),
    registry=REGISTRY,
)
sockets = Gauge("onethread_sockets", "Open websockets.", ["audience"], registry=REGISTRY)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answer. Methods that nobody uses share a name, so that strangers cannot fill the memory."""
    _requests.labels(method if method in METHODS else "other", route, str(status)).inc()
    _seconds.labels(route).observe(seconds)


def exposition() -> tuple[bytes, str]:
    """All figures, and the content type of their format."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
