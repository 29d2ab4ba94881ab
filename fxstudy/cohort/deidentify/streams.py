"""Remove words that hide in picture files: comments and application segments, text chunks.

The pixels stay as they are, bit for bit; nothing is decoded.
"""

import struct

from fxstudy.errors import ImageError

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"sBIT", b"gAMA", b"pHYs", b"IDAT", b"IEND")
_ALONE = {0xD8, 0x01, *range(0xD0, 0xD8)}
_J2K_START, _J2K_TILE, _J2K_COMMENT = b"\xff\x4f", 0x90, 0x64


def clean_picture(data: bytes) -> bytes:
    """A JPEG, JPEG 2000 codestream or PNG without comments, EXIF and other text; other bytes unchanged.

    Raises
    ------
    ImageError
        If the file is built so badly that text could not be told from the picture.
    """
    if data.startswith(_PNG):
        return _clean_png(data)
    if data.startswith(_J2K_START):
        return _clean_codestream(data, drop={_J2K_COMMENT}, stop=_J2K_TILE)
    if data.startswith(b"\xff\xd8"):
        return _clean_codestream(data, drop={0xFE, *range(0xE0, 0xF0)}, stop=0xDA)
    return data


def _clean_codestream(data: bytes, *, drop: set[int], stop: int) -> bytes:
    """Copy segments up to the picture data without those of ``drop``; cut what follows the end."""
    kept, at = [data[:2]], 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ImageError("its segments cannot be followed")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _ALONE:
            kept.append(data[at : at + 2])
            at += 2
            continue
        if marker == stop:
            return b"".join(kept) + _up_to_end(data[at:])
        length = 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker not in drop:
            kept.append(data[at : at + length])
        at += length
    raise ImageError("it ends before the picture begins")


def _up_to_end(data: bytes) -> bytes:
    end = data.rfind(b"\xff\xd9")
    if end < 0:
        raise ImageError("it has no end marker")
    return data[: end + 2]


def _clean_png(data: bytes) -> bytes:
    kept, at = [_PNG], len(_PNG)
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind in _PNG_KEPT:
            kept.append(data[at : at + 12 + length])
        at += 12 + length
        if kind == b"IEND":
            return b"".join(kept)
    raise ImageError("it has no end")
