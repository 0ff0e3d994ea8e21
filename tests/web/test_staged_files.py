"""Files that were uploaded and not sent yet."""

import os
import time
from io import BytesIO

import pytest
from starlette.datastructures import UploadFile

from inbox.blobs import BlobStore
from inbox.errors import Invalid
from web.staged_files import keep, stage, staging_of, sweep


async def test_what_is_sent_is_kept_and_what_is_not_is_swept_away(blobs: BlobStore) -> None:
    sent, unsent = [
        await stage(UploadFile(BytesIO(content), filename="a.txt"), blobs) for content in (b"sent", b"unsent")
    ]
    assert not blobs.path(sent.digest).exists()
    await keep([sent], blobs)
    for file in (sent, unsent):
        path = staging_of(blobs).path(file.digest)
        os.utime(path, (time.time() - 7200,) * 2)
    assert sweep(blobs, older_than=10_000) == 0
    assert sweep(blobs, older_than=3600) == 2
    assert blobs.read(sent.digest) == b"sent"
    await keep([sent], blobs)  # the same message once more
    with pytest.raises(Invalid, match="no longer there"):
        await keep([unsent], blobs)
