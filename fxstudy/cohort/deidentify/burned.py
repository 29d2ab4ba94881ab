"""What to do with text that was burned into the pixels: refuse the film, or black the text out."""

from typing import Literal

import numpy as np

from fxstudy.cohort.burned_in import TextRegion, find_text
from fxstudy.errors import ImageError

TextPolicy = Literal["refuse", "mask"]


def text_regions(shown: np.ndarray, *, declared: bool) -> list[TextRegion]:
    """Regions of text in an image; ``declared`` if its header says that there is some.

    Raises
    ------
    ImageError
        If the header says so and nothing is found: somebody has to look.
    """
    regions = find_text(shown)
    if declared and not regions:
        raise ImageError("burned-in text: (0028,0301) says YES, but none was found to mask; look at the film")
    return regions


def mask_dataset(dataset, regions: list[TextRegion]) -> None:
    """Black out regions in the stored pixels of a dataset, which become uncompressed."""
    from pydicom.uid import ExplicitVRLittleEndian

    from fxstudy.cohort.burned_in import mask_text

    stored = dataset.pixel_array
    dark = stored.max() if dataset.PhotometricInterpretation == "MONOCHROME1" else stored.min()
    masked = mask_text(stored, regions, value=dark)
    data = masked.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OW" if stored.dtype.itemsize == 2 else "OB"
    dataset["PixelData"].is_undefined_length = False
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian


def mask_picture(shown: np.ndarray, regions: list[TextRegion]) -> bytes:
    """A PNG of an image of grey values from 0 to 1 with the regions blacked out, 16 bits."""
    import io

    from PIL import Image

    from fxstudy.cohort.burned_in import mask_text

    values = np.rint(mask_text(shown, regions) * 65535).astype(np.uint16)
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, format="PNG")
    return stream.getvalue()
