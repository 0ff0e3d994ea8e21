"""What passes between the server and a parser process: a length of four bytes, then a pickle."""

import io
import pickle
import struct
from typing import Any, BinaryIO

LENGTH = struct.Struct("!I")

_MODULES = frozenset(("inbox.envelopes", "channels.email.parser", "pathlib"))
_NAMES = frozenset(
    (("builtins", "frozenset"), ("datetime", "datetime"), ("datetime", "timedelta"), ("datetime", "timezone"))
)


class _Reader(pickle.Unpickler):
    """A parser that has been taken over through a mail must not reach further by what it answers."""

    def find_class(self, module: str, name: str) -> Any:
        if module in _MODULES or (module, name) in _NAMES:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} may not pass between the processes.")


def packed(value: object) -> bytes:
    """A whole frame."""
    content = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(content)) + content


def unpacked(content: bytes) -> object:
    """What a frame holds, its length taken off; raises UnpicklingError where that is nothing expected."""
    value: object = _Reader(io.BytesIO(content)).load()
    return value


def read_frame(stream: BinaryIO) -> object | None:
    """The next value, or None at the end of the stream."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return unpacked(stream.read(LENGTH.unpack(head)[0]))
