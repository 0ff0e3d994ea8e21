"""Files that visitors have uploaded and not sent yet. They become blobs with the message that names them;
what is never sent is swept away after a day."""

import asyncio
import time
from collections.abc import Iterable

from starlette.datastructures import UploadFile

from inbox.blobs import BlobStore
from inbox.envelopes import InboundAttachment
from inbox.errors import Invalid
from inbox.loggers import get_logger
from web.bodies import store_file

KEPT_SECONDS = 26 * 3600  # a little longer than the seal on an upload is good
SWEEP_SECONDS = 3600.0

log = get_logger(__name__)


def staging_of(blobs: BlobStore) -> BlobStore:
    """Where they lie: a store of its own beside the blobs."""
    return BlobStore(blobs.root / "uploads")


async def stage(upload: UploadFile, blobs: BlobStore) -> InboundAttachment:
    """Keep an uploaded file until it is sent; its type is what its first bytes say."""
    return await store_file(upload, staging_of(blobs))


async def keep(files: Iterable[InboundAttachment], blobs: BlobStore) -> None:
    """Make blobs of what is sent now; doing it again changes nothing. Raises Invalid for a file that has been
    swept away."""
    for file in files:
        await asyncio.to_thread(_keep, file, blobs)


async def sweep_for_ever(blobs: BlobStore) -> None:
    """Take away what was never sent, every hour."""
    while True:
        swept = await asyncio.to_thread(sweep, blobs, older_than=KEPT_SECONDS)
        if swept:
            log.info("uploads.swept", files=swept)
        await asyncio.sleep(SWEEP_SECONDS)


def sweep(blobs: BlobStore, *, older_than: float) -> int:
    """Remove what was uploaded so many seconds ago; answers how many files that were."""
    before, swept = time.time() - older_than, 0
    for path in staging_of(blobs).root.glob("??/*"):
        if path.is_file() and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            swept += 1
    return swept


def _keep(file: InboundAttachment, blobs: BlobStore) -> None:
    staged = staging_of(blobs).path(file.digest)
    try:
        with staged.open("rb") as stream:
            blobs.put_stream(stream)
    except FileNotFoundError as error:
        if not blobs.path(file.digest).exists():  # sent before, and swept since: the message is only repeated
            raise Invalid(
                "One of the files is no longer there. Please add it again.", field="files"
            ) from error
