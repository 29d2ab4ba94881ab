"""Read one radiograph from JPEG, PNG or DICOM into numbers between 0 and 1, bone bright.

What kind of file it is comes from its content, never from its name. A file that is broken, in colour or
not an image is refused with the reason; nothing is padded or guessed silently.
"""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fxstudy.errors import ImageError

_JPEG, _PNG, _END_OF_IMAGE = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\xff\xd9"
_COLOUR_DIFFERENCE, _COLOUR_SHARE = 16, 0.001


@dataclass(frozen=True, eq=False)
class Radiograph:
    """One radiograph as numbers.

    Attributes
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        0 is black, 1 is white; bone is bright.
    spacing_mm : tuple of float or None
        Distance of pixel centres in millimetres, between rows and between columns; None if unknown.
    spacing_kind : str
        "patient" (calibrated to the patient's plane), "detector" (magnified by the projection) or "".
    photometric : str
        Meaning of the stored numbers, MONOCHROME1 or MONOCHROME2.
    notes : tuple of str
        What the reader did or left out, in words.
    """

    pixels: np.ndarray
    spacing_mm: tuple[float, float] | None = None
    spacing_kind: str = ""
    photometric: str = "MONOCHROME2"
    notes: tuple[str, ...] = ()

    @property
    def blank(self) -> bool:
        """True if all pixels are equal, so that nothing is shown."""
        return bool(self.pixels.size == 0 or self.pixels.min() == self.pixels.max())


def read_image(path: str | Path) -> Radiograph:
    """Read a radiograph.

    Parameters
    ----------
    path : str or Path
        JPEG, PNG (8 or 16 bit) or DICOM; recognised by content.

    Returns
    -------
    Radiograph

    Raises
    ------
    ImageError
        With the reason, if the file is missing, truncated, empty, multi-frame, in colour, not an image,
        or in a transfer syntax that no installed decoder reads.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path.name}: cannot be opened ({error.strerror})") from None
    return decode(data, path.name)


def decode(data: bytes, name: str) -> Radiograph:
    """Read a radiograph from the bytes of its file; ``name`` is used in messages."""
    from fxstudy.cohort.dicom import decode_dicom

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if not data.strip(b"\0 \r\n\t"):
                raise ImageError("the file is empty")
            picture = data.startswith((_JPEG, _PNG))
            radiograph = _decode_picture(data) if picture else decode_dicom(data)
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:  # decoders raise anything on damaged files: each is a refusal with its words
        raise ImageError(f"{name}: damaged, cannot be decoded ({_first_line(error)})") from error
    said = dict.fromkeys(_first_line(warning.message) for warning in caught)
    object.__setattr__(radiograph, "notes", (*radiograph.notes, *said))
    return radiograph


def _first_line(error: object) -> str:
    text = str(error).strip() or type(error).__name__
    line = text.splitlines()[0]
    return line if len(line) <= 160 else line[:157] + "…"


def _decode_picture(data: bytes) -> Radiograph:
    from PIL import Image, UnidentifiedImageError

    notes: list[str] = []
    kind = "JPEG" if data.startswith(_JPEG) else "PNG"
    if kind == "JPEG":
        notes += _complete_jpeg(data)
    try:
        picture = Image.open(io.BytesIO(data))
        picture.load()
    except UnidentifiedImageError:
        raise ImageError(f"damaged {kind}: no picture could be found in the file") from None
    except Image.DecompressionBombError:
        raise ImageError("has too many pixels to be a radiograph") from None
    except (OSError, SyntaxError, ValueError) as error:
        state = "truncated" if "truncated" in str(error) else "damaged"
        raise ImageError(f"{state} {kind}: {_first_line(error)}") from None
    if getattr(picture, "n_frames", 1) > 1:
        raise ImageError(f"holds {picture.n_frames} pictures; a radiograph is one")
    if picture.getexif().get(0x0112, 1) != 1:
        notes.append("the file asks to be turned (EXIF orientation); its pixels are taken as stored")
    pixels, said = _grey(picture)
    return Radiograph(pixels, notes=(*notes, *said))


def _complete_jpeg(data: bytes) -> list[str]:
    end = data.rfind(_END_OF_IMAGE)
    if end < 0:
        raise ImageError("truncated JPEG: its end marker is missing")
    rest = data[end + 2 :]
    return [f"{len(rest)} bytes after the picture's end were ignored"] if rest else []


def _grey(picture) -> tuple[np.ndarray, list[str]]:
    """Pixels of a grey picture as float32 in [0, 1]."""
    if picture.mode == "P":
        raise ImageError("has a colour palette; a radiograph is grey")
    if picture.mode == "L":
        return np.asarray(picture, dtype=np.float32) / np.float32(255), []
    if picture.mode.startswith("I"):
        return _sixteen_bit(np.asarray(picture))
    if picture.mode in ("LA", "RGBA") and picture.getextrema()[-1][0] < 255:
        raise ImageError("is partly transparent; a radiograph is not")
    if picture.mode == "LA":
        return np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255), []
    if picture.mode in ("RGB", "RGBA"):
        return _grey_of_colours(np.asarray(picture.convert("RGB")))
    raise ImageError(f"must be grey, not of the kind '{picture.mode}'")


def _sixteen_bit(values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    top = int(values.max(initial=0))
    if values.min(initial=0) < 0 or top > 65535:
        raise ImageError("holds numbers outside 0 to 65535")
    bits = next(bits for bits in (8, 10, 12, 14, 16) if top < 2**bits)
    notes = [] if bits == 16 else [f"16-bit file whose largest number is {top}: read as {bits}-bit"]
    return values.astype(np.float32) / np.float32(2**bits - 1), notes


def _grey_of_colours(colours: np.ndarray) -> tuple[np.ndarray, list[str]]:
    red, green, blue = (colours[..., i] for i in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return green.astype(np.float32) / np.float32(255), []
    spread = colours.max(axis=2).astype(np.int16) - colours.min(axis=2)
    share = float((spread > _COLOUR_DIFFERENCE).mean())
    if share > _COLOUR_SHARE:
        raise ImageError(f"is in colour ({share:.1%} of the pixels); a radiograph is grey")
    grey = colours.mean(axis=2, dtype=np.float32) / np.float32(255)
    return grey, ["three slightly different colour channels were averaged"]
