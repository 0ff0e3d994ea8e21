"""Pictures of strangers made harmless: decoded within bounds and encoded anew, so only pixels are left."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from inbox.errors import NotFound
from inbox.showable import PICTURE_TYPES

if TYPE_CHECKING:
    from PIL.Image import Image

SHOWN_TYPES = PICTURE_TYPES
MOST_PIXELS = 40_000_000
LARGEST_SIDE = 2_000  # nobody looks at more on a screen
SMALL_SIDE = 160


@dataclass(frozen=True, slots=True)
class Picture:
    data: bytes
    content_type: str


def encoded_anew(path: Path | BinaryIO, *, side: int = LARGEST_SIDE) -> Picture:
    """The picture in a file as JPEG, or as PNG where it is transparent, at most *side* pixels wide.
    Blocks: call it in a thread.

    Raises NotFound for what is no picture of a type that we show, or has too many pixels.
    """
    # The library is loaded with the first picture: few processes ever need it.
    from PIL import Image as images, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", images.DecompressionBombWarning)
            with images.open(path, formats=("PNG", "JPEG", "GIF", "WEBP")) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise NotFound("This picture is too large to be shown. Save it instead.")
                image.draft("RGB", (side, side))
                upright = ImageOps.exif_transpose(image)
                upright.thumbnail((side, side))
                return _written(upright)
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        images.DecompressionBombError,
        images.DecompressionBombWarning,
    ) as error:
        raise NotFound("This is no picture that can be shown. Save it instead.") from error


def _written(image: "Image") -> Picture:
    is_transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    out = io.BytesIO()
    if is_transparent:
        image.convert("RGBA").save(out, "PNG")
        return Picture(out.getvalue(), "image/png")
    image.convert("RGB").save(out, "JPEG", quality=85)
    return Picture(out.getvalue(), "image/jpeg")
