"""From stored DICOM values to grey: one table that holds modality LUT, VOI, inversion and padding."""

from dataclasses import dataclass

import numpy as np

from fxstudy.errors import ImageError


@dataclass(frozen=True, eq=False)
class GreyTable:
    """Grey in [0, 1] of each stored value; ``grey[value - lowest]``.

    Attributes
    ----------
    lowest : int
        Stored value of the first entry.
    grey : ndarray of float32
    notes : tuple of str
        Which step was taken from where.
    """

    lowest: int
    grey: np.ndarray
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Lut:
    first: int
    entries: np.ndarray
    bits: int

    def of(self, values: np.ndarray) -> np.ndarray:
        index = np.clip(np.rint(values).astype(np.int64) - self.first, 0, len(self.entries) - 1)
        return self.entries[index].astype(np.float64)


def grey_table(dataset, stored: np.ndarray) -> GreyTable:
    """Table from each value that ``stored`` may hold to grey, as the header says.

    Parameters
    ----------
    dataset : pydicom Dataset
    stored : ndarray of int, shape (rows, columns)
        Decoded pixels; their range decides where the header names no window.
    """
    values = np.arange(min(int(stored.min()), 0), int(stored.max()) + 1)
    padding = _padding(dataset, values)
    low, high = _real_range(stored, padding, int(values[0]))
    output, modality_note = _modality(dataset, values)
    seen = (values >= low) & (values <= high)
    grey, voi_note = _voi(dataset, output, output[seen])
    inverted, inversion_note = _inverted(dataset)
    grey = 1.0 - grey if inverted else grey
    notes = [modality_note, voi_note, inversion_note]
    if padding.any():
        grey[padding] = 0.0
        notes.append("(0028,0120) Pixel Padding Value shown black")
    return GreyTable(int(values[0]), grey.astype(np.float32), tuple(note for note in notes if note))


def _real_range(stored: np.ndarray, padding: np.ndarray, lowest: int) -> tuple[int, int]:
    """Smallest and largest stored value that is not padding."""
    if padding.any():
        real = stored[~padding[stored.astype(np.int64) - lowest]]
        stored = real if real.size else stored
    return int(stored.min()), int(stored.max())


def _padding(dataset, values: np.ndarray) -> np.ndarray:
    first, last = number(dataset, "PixelPaddingValue"), number(dataset, "PixelPaddingRangeLimit")
    if first is None:
        return np.zeros(len(values), dtype=bool)
    low, high = sorted((first, first if last is None else last))
    return (values >= low) & (values <= high)


def _modality(dataset, values: np.ndarray) -> tuple[np.ndarray, str]:
    if dataset.get("ModalityLUTSequence"):
        lut = _read_lut(dataset, dataset.ModalityLUTSequence[0], "Modality LUT")
        return lut.of(values), "(0028,3000) Modality LUT Sequence applied"
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    if slope == 0:
        raise ImageError("(0028,1053) Rescale Slope must not be 0")
    if slope in (None, 1) and intercept in (None, 0):
        return values.astype(np.float64), ""
    slope, intercept = 1 if slope is None else slope, intercept or 0
    return values * slope + intercept, f"(0028,1053) Rescale: {slope:g} × value + {intercept:g}"


def _voi(dataset, output: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, str]:
    low, high = seen.min(), seen.max()
    shown, note = None, ""
    if dataset.get("VOILUTSequence"):
        lut = _read_lut(dataset, dataset.VOILUTSequence[0], "VOI LUT")
        shown, note = _unit(lut.of(output), lut), "(0028,3010) VOI LUT Sequence applied"
    else:
        shown, note = _window(dataset, output)
    if shown is not None:
        visible = shown[(output >= low) & (output <= high)]
        if low == high or visible.max() > visible.min():
            return shown, note
        note = f"{note}, but it shows nothing: "
    if low == high:
        return np.zeros_like(output), "all pixels are equal"
    return np.clip(
        (output - low) / (high - low), 0, 1
    ), f"{note}range of the pixels taken, {low:g} to {high:g}"


def _window(dataset, output: np.ndarray) -> tuple[np.ndarray | None, str]:
    centre, width = number(dataset, "WindowCenter"), number(dataset, "WindowWidth")
    if centre is None or width is None:
        return None, ""
    shape = str(dataset.get("VOILUTFunction") or "LINEAR").upper()
    if width <= 0 or (shape == "LINEAR" and width < 1):
        return None, f"(0028,1051) Window Width of {width:g} is not valid: "
    note = f"(0028,1050) Window {centre:g}/{width:g}{'' if shape == 'LINEAR' else ' ' + shape}"
    if _several(dataset, "WindowCenter"):
        note += ", first of several"
    if shape == "SIGMOID":
        return 1 / (1 + np.exp(np.clip(-4 * (output - centre) / width, -700, 700))), note
    if shape == "LINEAR_EXACT":
        return np.clip((output - centre) / width + 0.5, 0, 1), note
    if width == 1:
        return (output > centre - 0.5).astype(np.float64), note
    return np.clip((output - (centre - 0.5)) / (width - 1) + 0.5, 0, 1), note


def _inverted(dataset) -> tuple[bool, str]:
    shape = str(dataset.get("PresentationLUTShape") or "").strip().upper()
    by_kind = dataset.PhotometricInterpretation == "MONOCHROME1"
    if shape not in ("IDENTITY", "INVERSE"):
        return by_kind, "inverted (MONOCHROME1)" if by_kind else ""
    inverted = shape == "INVERSE"
    note = f"inverted once ((2050,0020) Presentation LUT Shape {shape})" if inverted else ""
    if inverted != by_kind:
        kind = dataset.PhotometricInterpretation
        note = f"(2050,0020) Presentation LUT Shape {shape} contradicts {kind}: the shape was followed"
    return inverted, note


def _unit(entries: np.ndarray, lut: _Lut) -> np.ndarray:
    """Scale to [0, 1] by the bits of the LUT, or by the fewer bits that its entries really use."""
    top = int(lut.entries.max())
    bits = lut.bits if top * 2 > 2**lut.bits - 1 else max(top.bit_length(), 1)
    return np.clip(entries / (2**bits - 1), 0, 1)


def _read_lut(dataset, item, name: str) -> _Lut:
    try:
        count, first, bits = (int(value) for value in item.LUTDescriptor)
        data = item.LUTData
    except (AttributeError, TypeError, ValueError):
        raise ImageError(
            f"the {name} has no valid (0028,3002) LUT Descriptor and (0028,3006) LUT Data"
        ) from None
    count = count or 65536
    if first > 32767 and dataset.get("PixelRepresentation") == 1:
        first -= 65536
    entries = _entries(dataset, data, count)
    if len(entries) != count or not 8 <= bits <= 16:
        raise ImageError(f"the {name} has {len(entries)} entries of {bits} bits; its descriptor says {count}")
    return _Lut(first, entries, bits)


def _entries(dataset, data, count: int) -> np.ndarray:
    if not isinstance(data, bytes | bytearray):
        return np.atleast_1d(np.asarray(data, dtype=np.int64))
    if len(data) in (count, count + 1) and count > 1:
        return np.frombuffer(data, np.uint8)[:count].astype(np.int64)
    little = dataset.original_encoding[1] is not False
    return np.frombuffer(data[: len(data) // 2 * 2], "<u2" if little else ">u2").astype(np.int64)


def _several(dataset, keyword: str) -> bool:
    value = dataset.get(keyword)
    return not isinstance(value, str) and hasattr(value, "__len__") and len(value) > 1


def number(dataset, keyword: str) -> float | None:
    """First value of a numeric element, None if it is absent or empty.

    Raises
    ------
    ImageError
        If the element does not hold a finite number.
    """
    from pydicom.datadict import tag_for_keyword
    from pydicom.tag import Tag

    try:
        value = dataset.get(keyword)
        if _several(dataset, keyword):
            value = value[0]
        if value is None or (hasattr(value, "__len__") and len(value) == 0):
            return None
        value = float(value)
    except (TypeError, ValueError):
        value = float("nan")
    if not np.isfinite(value):
        raise ImageError(f"{Tag(tag_for_keyword(keyword))} {keyword} must be a number")
    return value
