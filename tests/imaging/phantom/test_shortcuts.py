"""Nothing but the fracture may tell a fractured wrist from its sound twin.

Undisplaced fractures beside their sound twins, the region of the fracture masked in both: simple models on
grey levels, the power spectrum and file facts, judged on persons they have not seen, must not beat chance.
With the region left in, a model of that region must: the test can fail.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fxstudy.imaging.dicom_film import dicom_bytes, uid
from fxstudy.imaging.phantom.radiograph import take, truth
from fxstudy.imaging.phantom.wrist import build
from fxstudy.imaging.wrist_cases import draw_case, draw_shots
from fxstudy.imaging.wrist_films import picture
from fxstudy.imaging.wrist_plan import plan_patients, read_plan

PATIENTS = 40
TINY = yaml.safe_load((Path(__file__).parents[1] / "tiny_wrist.yaml").read_text())


@pytest.fixture(scope="module")
def pairs():
    """AP films of 40 undisplaced fractures of the radius, their twins and the fracture's boxes."""
    machines = [{**TINY["machines"][0], "rows": 200, "columns": 168, "pixel_mm": 0.5}]
    description = {
        **TINY,
        "patients": PATIENTS,
        "fracture_share": 1.0,
        "displaced_share": 0.0,
        "machines": machines,
    }
    description |= {"sites": {"radius": 1.0, "ulna": 0, "both": 0}, "voxel_mm": 0.6}
    films = {}
    for unbroken in (False, True):
        plan = read_plan({**description, "unbroken": unbroken})
        pixels, sizes, boxes = zip(*(film(plan, patient) for patient in plan_patients(plan)), strict=True)
        films[unbroken] = {"pixels": np.stack(pixels), "facts": np.array(sizes)[:, None], "boxes": boxes}
    return films


def film(plan, patient):
    """Grey levels (0 to 1), size of the file in bytes and box of the fracture of one AP film."""
    case = draw_case(plan, patient)
    shot, body = draw_shots(plan, case)[0], build(case.person, case.fractures, spacing=plan.voxel_mm)
    signal, _ = take(body, shot.camera, shot.position, case.machine.exposure, seed=shot.noise_seed)
    stored = picture(signal, case, shot)
    names = {f"{kind}InstanceUID": uid(kind) for kind in ("SOP", "Study", "Series")}
    box = truth(body.sites[0], shot.camera, shot.position).box if body.sites else None
    return stored / np.float32(4095), len(dicom_bytes(stored, names, case.machine.storage)), box


def features(films, boxes, kind):
    pixels = films["pixels"].copy()
    if kind == "region":
        return np.array([_region(image, box) for image, box in zip(pixels, boxes, strict=True)])
    for image, box in zip(pixels, boxes, strict=True):
        image[_slices(box, 4)] = 0.5
    if kind == "histogram":
        return np.array([np.histogram(image, 16, (0, 1))[0] for image in pixels], float)
    if kind == "spectrum":
        power = np.log(np.abs(np.fft.rfft2(pixels - pixels.mean(axis=(1, 2), keepdims=True))) ** 2 + 1e-6)
        ring = np.hypot(*np.meshgrid(np.fft.rfftfreq(168), np.fft.fftfreq(200)))
        return np.array(
            [[one[(ring >= a) & (ring < a + 0.05)].mean() for a in np.arange(0, 0.5, 0.05)] for one in power]
        )
    return films["facts"]


def _slices(box, margin):
    x0, y0, x1, y1 = box.astype(int)
    return slice(max(y0 - margin, 0), y1 + margin), slice(max(x0 - margin, 0), x1 + margin)


def _region(image, box):
    part = image[_slices(box, 0)]
    fine = np.abs(np.diff(cv2.GaussianBlur(part, (0, 0), 0.8), n=2, axis=0))
    rows = np.diff(cv2.GaussianBlur(part, (15, 1), 4.0), n=2, axis=0)
    return [fine.mean(), np.quantile(fine, 0.98), rows.std(), np.abs(rows).max(), part.std()]


def area_under_curve(films, kind):
    """AUC on unseen persons; both twins of a person are always on the same side of the split."""
    boxes, person = films[False]["boxes"], np.tile(np.arange(PATIENTS), 2)
    x = np.concatenate([features(films[unbroken], boxes, kind) for unbroken in (False, True)])
    y = np.repeat([1, 0], PATIENTS)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0))
    score = cross_val_predict(model, x, y, groups=person, cv=GroupKFold(8), method="predict_proba")[:, 1]
    return float(roc_auc_score(y, score))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["histogram", "spectrum", "facts"])
def test_the_masked_film_tells_nothing(pairs, kind):
    """Chance with 40 and 40 films: 0.5, and 0.13 for two standard errors of an AUC."""
    assert area_under_curve(pairs, kind) < 0.63


@pytest.mark.slow
def test_the_region_of_the_fracture_tells_something(pairs):
    assert area_under_curve(pairs, "region") > 0.6
