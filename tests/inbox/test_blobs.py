"""What a blob store says is stored is stored whole, or an error says that it is not."""

import io
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inbox.blobs import BlobStore, digest_of
from inbox.errors import NotFound

ROOM = 10_000
TOO_MUCH = b"all of it or nothing " * 5_000


@contextmanager
def little_room() -> Iterator[None]:
    """Files grow to so many bytes and no further, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_has_no_room_is_not_called_stored_and_leaves_nothing(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    with little_room():
        with pytest.raises(OSError, match="too large"):
            blobs.put(TOO_MUCH)
        with pytest.raises(OSError, match="too large"):
            blobs.put_stream(io.BytesIO(TOO_MUCH))

    with pytest.raises(NotFound):
        blobs.read(digest_of(TOO_MUCH))
    assert list(blobs.temporary_folder().iterdir()) == []

    assert blobs.read(blobs.put(TOO_MUCH)) == TOO_MUCH
