"""What the receiving server says of a mail's sender (RFC 8601), and only that server.

Senders write Authentication-Results of their own. Believed is the topmost field of the configured
authserv-id, and only where every Received field above it was written inside: by a local delivery, or by a
service that is known to write its result below its own Received and to remove what pretends to be its own.
The Received below it must say by whom it was written, as every server's does (RFC 5321 §4.4): one that does
not was made up together with the result above it.

A mail that was passed on fails DMARC though its first receiver found it good. Where the configured server has
validated the chain of seals (ARC, RFC 8617) and the newest is of a house that the administrator trusts, what
that house found counts.
"""

import re
from collections.abc import Collection
from dataclasses import replace

from channels.email.headers import Headers
from inbox.envelopes import Authentication, Verdict

_WRITES_BELOW = frozenset(("mx.google.com",))
_LOCAL_DELIVERY = re.compile(r"\bwith\s+lmtps?a?\b", re.IGNORECASE)
_FROM_OURSELVES = re.compile(r"from\s+\S+\s+\(\S+\s+\[(?:IPv6:)?(?:127\.0\.0\.1|::1)\]\)", re.IGNORECASE)
_RESULT = re.compile(r"(?:^|[;\s])(dmarc|dkim|spf)(?:/\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)
MOST_SEALS = 50  # RFC 8617 §4.2.1
_ARC_PASSES = re.compile(r"(?:^|[;\s])arc\s*=\s*pass\b", re.IGNORECASE)
_FAILURES = frozenset(("fail", "softfail", "hardfail"))


def read_authentication(
    headers: Headers, authserv_id: str | None, trusted_sealers: Collection[str] = ()
) -> Authentication:
    """The verdicts of the configured server; all NONE where it said nothing or none is configured.

    *trusted_sealers* are domains whose ARC seals are believed.
    """
    if not authserv_id:
        return Authentication()
    wanted = authserv_id.strip().lower().rstrip(".")
    for index, (name, raw) in enumerate(headers.fields):
        if name == "received":
            if not _is_inside(raw.decode("latin-1"), wanted):
                return Authentication()
        elif name == "authentication-results":
            server, _, results = _without_comments(raw.decode("latin-1")).partition(";")
            if server.split() and server.split()[0].strip("\"'").lower().rstrip(".") == wanted:
                below = next((text for field, text in headers.fields[index:] if field == "received"), None)
                if not _is_received(below):
                    return Authentication()
                found = _verdicts(results, wanted)
                is_sealed = found.dmarc is not Verdict.PASS and bool(_ARC_PASSES.search(results))
                if is_sealed and _was_good_before(headers, trusted_sealers):
                    return replace(found, dmarc=Verdict.PASS)
                return found
    return Authentication()


def _was_good_before(headers: Headers, trusted_sealers: Collection[str]) -> bool:
    """Whether the house of the newest ARC seal is trusted and had found that the mail passes DMARC."""
    seals = [_tags(raw) for raw in headers.all_raw("arc-seal")[:MOST_SEALS]]
    newest = max(seals, key=lambda tags: int(tags["i"]) if tags.get("i", "").isdecimal() else 0, default={})
    sealer = newest.get("d", "").lower().rstrip(".")
    wanted = (one.strip().lower().rstrip(".") for one in trusted_sealers)
    if not sealer or not any(sealer == one or sealer.endswith(f".{one}") for one in wanted if one):
        return False
    found = [
        _verdicts(results, sealer).dmarc
        for raw in headers.all_raw("arc-authentication-results")[:MOST_SEALS]
        for instance, _, results in [_without_comments(raw.decode("latin-1")).partition(";")]
        if "".join(instance.split()).lower() == f"i={newest['i']}"
    ]
    return found == [Verdict.PASS]


def _tags(raw: bytes) -> dict[str, str]:
    """`i=1; d=lists.example; cv=none` (RFC 6376 §3.2)."""
    pairs = (tag.partition("=") for tag in raw.decode("latin-1").split(";"))
    return {name.strip().lower(): value.strip() for name, sign, value in pairs if sign}


def _is_received(raw: bytes | None) -> bool:
    return raw is None or bool(re.search(rb"\bby\s", raw, re.IGNORECASE))


def _is_inside(received: str, authserv_id: str) -> bool:
    received = " ".join(received.split())
    if authserv_id in _WRITES_BELOW and re.search(rf"\bby {re.escape(authserv_id)}\b", received):
        return True
    return is_local_hop(received)


def is_local_hop(received: str) -> bool:
    """Whether a Received field tells of a way inside of the receiving house: a local delivery."""
    received = " ".join(received.split())
    if not re.search(r"\bby\s", received, re.IGNORECASE):
        return False
    says_from = re.match(r"from\s", received, re.IGNORECASE)
    return not says_from or bool(_LOCAL_DELIVERY.search(received) or _FROM_OURSELVES.match(received))


def _verdicts(results: str, authserv_id: str) -> Authentication:
    found: dict[str, list[str]] = {}
    for method, result in _RESULT.findall(results):
        found.setdefault(method.lower(), []).append(result.lower())
    return Authentication(
        dmarc=_verdict(found.get("dmarc", [])[:1]),
        spf=_verdict(found.get("spf", [])[:1]),
        dkim=_verdict(found.get("dkim", [])),
        authserv_id=authserv_id,
    )


def _verdict(results: list[str]) -> Verdict:
    """One good DKIM signature among several is a pass; of the others there is one result."""
    if "pass" in results:
        return Verdict.PASS
    if any(result in _FAILURES for result in results):
        return Verdict.FAIL
    return Verdict.NONE


def _without_comments(text: str) -> str:
    """RFC 5322 §3.2.2 comments taken out, nested ones too; what is quoted cannot pass for a result."""
    kept: list[str] = []
    depth = 0
    for token in re.findall(r'"(?:[^"\\]|\\.)*"?|\\.|[()]|[^"\\()]+', text, re.DOTALL):
        if token == "(":
            depth += 1
        elif token == ")":
            depth = max(0, depth - 1)
        elif not depth:
            kept.append(_without_meaning(token) if token.startswith('"') else token)
    return "".join(kept)


def _without_meaning(quoted: str) -> str:
    return re.sub(r"[;=\s]+", "_", quoted.strip('"'))
