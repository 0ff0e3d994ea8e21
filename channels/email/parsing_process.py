"""The child process in which foreign mail is parsed: reads digests, answers messages, imports little.

It may be killed at any moment, so it holds nothing that matters: attachments are durable before their
message is answered. Requests come on standard input, answers go to standard output.
"""

import logging
import math
import os
import resource
import signal
import sys
from pathlib import Path

from channels.email.frames import packed, read_frame
from channels.email.parser import MailContext, parse
from inbox.blobs import BlobStore
from inbox.envelopes import InboundMessage
from inbox.errors import NotFound, Refused

CPU_SECONDS = 10
MEMORY_BYTES = 512 * 1024 * 1024
NICENESS = 5  # agents' pages come first where a core is short
READY = "ready"

Answer = (
    InboundMessage | str | tuple[str]
)  # the message, why there is none, or what is wrong with the machine

_log = logging.getLogger(__name__)
_BROKEN = "The mail made its parser break down."
_TOO_MUCH = "The mail is built in a way that takes too much memory to read."
_TOO_LONG = "The mail took too long to read."


class _OutOfTime(BaseException):
    """The mail has used up its processor time; no `except Exception` may hold it up."""


def main() -> None:
    """Serve until standard input ends: first the blob folder, then (context, digests) again and again."""
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    signal.signal(signal.SIGXCPU, _stop)
    logging.getLogger("flufl.bounce").disabled = True  # it logs what it stumbles over, and goes on
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    root = read_frame(sys.stdin.buffer)
    if not isinstance(root, Path):
        return
    _write(READY)
    blobs = BlobStore(root)
    while isinstance(request := read_frame(sys.stdin.buffer), tuple):
        context, digests = request
        for digest in digests:
            _write(_answer(blobs, digest, context))


def _write(value: object) -> None:
    sys.stdout.buffer.write(packed(value))
    sys.stdout.buffer.flush()


def _answer(blobs: BlobStore, digest: str, context: MailContext) -> Answer:
    try:
        _allow_processor_time()
        return _parsed(blobs, digest, context)
    except _OutOfTime:
        return _TOO_LONG
    finally:
        _allow_processor_time()  # so that no signal strikes while the answer is written


def _parsed(blobs: BlobStore, digest: str, context: MailContext) -> Answer:
    try:
        return parse(blobs.read(digest), context=context, store=blobs.put)
    except Refused as refusal:
        return str(refusal)
    except NotFound:
        return "The raw mail is not in the blob folder any more."
    except OSError as error:
        return (f"The parser could not read or write a file: {error.strerror}.",)
    except (MemoryError, RecursionError):
        return _TOO_MUCH
    except Exception:
        # A mistake of ours: the mail is kept for another try, the others do not wait for a new process.
        _log.exception("Mail %s broke its parser.", digest)
        return _BROKEN


def _allow_processor_time() -> None:
    """Ten seconds of processor time from now on; the hard limit stays out of reach."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    spent = math.ceil(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + CPU_SECONDS, hard))


def _stop(signal_number: int, frame: object) -> None:
    raise _OutOfTime


if __name__ == "__main__":
    main()
