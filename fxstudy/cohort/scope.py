"""Is an image one that the study is about: its modality and the part of the body it shows."""

from collections.abc import Iterable
from dataclasses import dataclass

from fxstudy.cohort.headers import body_part

RADIOGRAPHS = ("CR", "DX")


@dataclass(frozen=True)
class Scope:
    """What a cohort takes in.

    Attributes
    ----------
    modalities : tuple of str
        DICOM modalities that count as radiographs.
    body_parts : tuple of str
        Parts of the body, in the schema's names; empty takes all.
    """

    modalities: tuple[str, ...] = RADIOGRAPHS
    body_parts: tuple[str, ...] = ()

    def refusal(self, *, modality: str = "", part: str = "") -> str:
        """Why an image of this modality and body part is outside; empty if it is not.

        An image that does not say its body part is let through: `doubts` flags it.
        """
        if modality and modality not in self.modalities:
            return f"outside the scope: modality {modality}, wanted {' or '.join(self.modalities)}"
        if self.body_parts and part and body_part(part) not in self.body_parts:
            return f"outside the scope: body part {part}, wanted {' or '.join(self.body_parts)}"
        return ""

    def doubts(self, parts: Iterable[str | None]) -> str:
        """A note on images that do not say what they show; empty if all do."""
        silent = sum(1 for part in parts if not isinstance(part, str) or not part)
        if not self.body_parts or not silent:
            return ""
        return f"{silent} images do not say which body part they show; look at them"


WRISTS = Scope(body_parts=("WRIST", "HAND", "FOREARM", "EXTREMITY"))
HIPS = Scope(body_parts=("HIP", "PELVIS", "FEMUR", "EXTREMITY"))
SCOPES = {"any": Scope(), "wrist": WRISTS, "hip": HIPS}
