"""Bytes by SHA-256, outside any web root: raw mail and attachments. What is stored once is stored for
good, but for what was removed on purpose (`inbox.clearing`)."""

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from inbox.errors import NotFound

CHUNK = 1 << 20


def digest_of(content: bytes) -> str:
    """The name under which these bytes are stored (SHA-256, hex)."""
    return hashlib.sha256(content).hexdigest()


class BlobStore:
    """A folder of files named by the SHA-256 of their content: `<root>/ab/cdef…`, mode 0600.

    `put` returns only when the bytes and their name are on disk, so that a row pointing to them never
    dangles.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: bytes) -> str:
        """Store *content* durably; answers its digest (hex)."""
        return self.put_many([content])[0]

    def put_many(self, contents: Iterable[bytes]) -> list[str]:
        """Store several, with one sync of each folder; answers their digests in order."""
        digests: list[str] = []
        touched: set[Path] = set()
        for content in contents:
            digest = digest_of(content)
            digests.append(digest)
            target = self.path(digest)
            if self._is_touched(target):
                touched.add(target.parent)  # whoever wrote it may not have synced the name yet
                continue
            with self._partial() as partial:
                with partial.open("xb", buffering=0) as file:
                    partial.chmod(0o600)
                    rest = memoryview(content)
                    while rest:  # where room runs out a write takes a part, and only the next one says so
                        rest = rest[file.write(rest) :]
                    os.fsync(file.fileno())
                touched |= self._place(partial, target)
        _sync_folders(touched)
        return digests

    def put_stream(self, stream: BinaryIO) -> tuple[str, int]:
        """Store what *stream* holds without having it in memory; answers digest and size in bytes."""
        hashed, size = hashlib.sha256(), 0
        with self._partial() as partial:
            with partial.open("xb") as file:
                partial.chmod(0o600)
                while chunk := stream.read(CHUNK):
                    hashed.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            digest = hashed.hexdigest()
            _sync_folders(self._place(partial, self.path(digest)))
        return digest, size

    def path(self, digest: str) -> Path:
        """Where the blob stands; raises NotFound for what is no digest, so that no path can be smuggled
        in."""
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise NotFound("There is no such file.")
        return self.root / digest[:2] / digest[2:]

    def read(self, digest: str) -> bytes:
        """The whole content; raises NotFound."""
        try:
            return self.path(digest).read_bytes()
        except FileNotFoundError as error:
            raise NotFound("There is no such file.") from error

    def chunks(self, digest: str) -> Iterator[bytes]:
        """The content in pieces of a megabyte; raises NotFound."""
        path = self.path(digest)
        if not path.exists():
            raise NotFound("There is no such file.")
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    def remove(self, digest: str, *, untouched_for: float) -> bool:
        """Take a blob away, unless somebody has stored the same bytes within so many seconds: their row may
        not be written yet. Answers whether it is gone."""
        path = self.path(digest)
        try:
            if time.time() - path.stat().st_mtime < untouched_for:
                return False
            path.unlink()
        except FileNotFoundError:
            return True
        _sync_folders({path.parent})
        return True

    def temporary_folder(self) -> Path:
        """Where files may lie that are not blobs yet; on the same disk, and not part of any backup."""
        folder = self.root / "tmp"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def clear_temporary(self, *, older_than: float) -> int:
        """Remove what processes that are gone left in the temporary folder, untouched for so many seconds;
        answers how many."""
        before, removed = time.time() - older_than, 0
        for left in self.temporary_folder().iterdir():
            try:
                if left.stat().st_mtime < before:
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
                    removed += 1
            except FileNotFoundError:  # its owner was quicker
                continue
        return removed

    def _is_touched(self, target: Path) -> bool:
        """Whether it is there; if so it counts as stored just now."""
        try:
            os.utime(target)
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def _partial(self) -> Iterator[Path]:
        """A file to be filled; what could not be finished takes no room from what is tried next."""
        partial = self.temporary_folder() / secrets.token_hex(12)
        try:
            yield partial
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def _place(self, partial: Path, target: Path) -> set[Path]:
        """Give the file its name; answers the folders to sync."""
        touched = {target.parent}
        if not target.parent.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            touched.add(self.root)
        partial.replace(target)
        return touched


def _sync_folders(folders: set[Path]) -> None:
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
