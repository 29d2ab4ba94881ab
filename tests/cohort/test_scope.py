"""Films of other modalities and body parts stay out; films that do not say are flagged."""

import pytest

from fxstudy.cohort.scope import HIPS, WRISTS, Scope


@pytest.mark.parametrize(
    ("scope", "modality", "part", "words"),
    [
        (HIPS, "CR", "CHEST", "body part CHEST, wanted HIP or PELVIS"),
        (HIPS, "MR", "HIP", "modality MR, wanted CR or DX"),
        (HIPS, "DX", "COXA", ""),
        (HIPS, "", "", ""),
        (WRISTS, "CR", "RADIUS", ""),
        (WRISTS, "CR", "HIP", "body part HIP"),
        (Scope(), "CR", "CHEST", ""),
        (Scope(), "OT", "", "modality OT"),
    ],
)
def test_what_is_refused(scope, modality, part, words):
    refusal = scope.refusal(modality=modality, part=part)
    assert (words in refusal) if words else refusal == ""


def test_silent_images_are_flagged():
    assert WRISTS.doubts(["WRIST", None, "", float("nan")]).startswith("3 images do not say")
    assert WRISTS.doubts(["WRIST"]) == ""
    assert Scope().doubts([None]) == ""
