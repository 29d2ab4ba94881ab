"""Pseudonyms by keyed hash: a patient always gets the same name, and only the key leads back."""

import datetime
import hashlib
import hmac
import os
import re
import secrets
from base64 import b32encode
from pathlib import Path

from fxstudy.errors import CohortError

_BYTES = 32
_OLDEST = 90
_SHIFT_DAYS = (30, 1825)
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")


class Pseudonyms:
    """Names, UIDs and date shifts that follow from a secret key.

    Parameters
    ----------
    key : bytes
        32 secret bytes (`read_key`).
    """

    def __init__(self, key: bytes):
        if len(key) != _BYTES:
            raise CohortError(f"the key must be {_BYTES} bytes, not {len(key)}")
        self._key = key

    def _hash(self, purpose: str, text: str) -> bytes:
        return hmac.new(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256).digest()

    def name(self, kind: str, text: str) -> str:
        """A short pseudonym, such as ``P3QK7…`` for ``kind`` "P" (patient)."""
        return kind + b32encode(self._hash(kind, text)).decode("ascii")[:12]

    def uid(self, uid: str) -> str:
        """A valid DICOM UID for another, always the same one (form 2.25 of PS3.5 B.2)."""
        return f"2.25.{int.from_bytes(self._hash('UID', uid)[:16], 'big')}"

    def days(self, patient: str) -> int:
        """Days by which all dates of a patient are moved into the past; intervals stay."""
        first, last = _SHIFT_DAYS
        return first + int.from_bytes(self._hash("days", patient)[:8], "big") % (last - first)

    def date(self, text: str, patient: str) -> str:
        """A DICOM or ISO date, moved as all of the patient's; empty if it is none."""
        match = _DATE.match(text.strip())
        try:
            day = datetime.date(*(int(part) for part in match.groups())) if match else None
            moved = day - datetime.timedelta(days=self.days(patient)) if day else None
        except (ValueError, OverflowError):
            return ""
        if moved is None:
            return ""
        return moved.isoformat() if "-" in text else moved.strftime("%Y%m%d").zfill(8)


def capped_age(text: str) -> str:
    """A DICOM age string, 90 years for everybody over 89; empty if it is no age string."""
    if not re.fullmatch(r"\d{3}[DWMY]", text):
        return ""
    return f"{_OLDEST:03d}Y" if text[3] == "Y" and int(text[:3]) >= _OLDEST else text


def read_key(path: str | Path, *, outside: Path | None = None, create: bool = True) -> Pseudonyms:
    """The key of a key file, which is made with new secret bytes if it does not exist.

    Parameters
    ----------
    path : path
        File of 64 hexadecimal digits. Keep it where the cohort does not go: who has it can link patients.
    outside : path, optional
        Folder the key must not lie in.
    create : bool
        False raises instead of making a new key.
    """
    path = Path(path)
    refuse_inside(path, outside, "the key file")
    if not path.is_file():
        if not create:
            raise CohortError(f"the key file {path.name} does not exist")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, secrets.token_hex(_BYTES) + "\n")
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise CohortError(f"the key file {path.name} must hold 64 hexadecimal digits")
    return Pseudonyms(bytes.fromhex(text))


def refuse_inside(path: Path, folder: Path | None, what: str) -> None:
    """Raise if a secret file would lie in the folder that is handed on."""
    if folder is not None and Path(path).resolve().is_relative_to(Path(folder).resolve()):
        raise CohortError(f"{what} must lie outside the folder '{Path(folder).name}' that is handed on")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
