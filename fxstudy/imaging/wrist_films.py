"""The films of one synthetic patient: DICOM files, rows of the tables, and the truth about the fracture."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import torch

from fxstudy.imaging.cache import write_atomically
from fxstudy.imaging.dicom_film import dicom_bytes, uid
from fxstudy.imaging.drr.display import present
from fxstudy.imaging.drr.film import Exposure, Signal, expose
from fxstudy.imaging.drr.materials import attenuation, energies
from fxstudy.imaging.phantom import radiograph, wrist
from fxstudy.imaging.phantom.fragments import STILL
from fxstudy.imaging.phantom.radiograph import MATERIALS, Truth
from fxstudy.imaging.wrist_cases import (
    SOURCE_DETECTOR_MM,
    SOURCE_WRIST_MM,
    VIEWS,
    Case,
    Shot,
    draw_case,
    draw_shots,
)
from fxstudy.imaging.wrist_fracture import Fracture
from fxstudy.imaging.wrist_plan import Patient, WristPlan

_EFFECTIVE_KEV = 42


@dataclass
class Rows:
    """Rows of the tables images, boxes and masks, and of truth.csv."""

    images: list[dict] = field(default_factory=list)
    boxes: list[dict] = field(default_factory=list)
    masks: list[dict] = field(default_factory=list)
    truth: list[dict] = field(default_factory=list)

    def extend(self, other: "Rows") -> None:
        """Append the rows of another patient."""
        for name in ("images", "boxes", "masks", "truth"):
            getattr(self, name).extend(getattr(other, name))


@dataclass(frozen=True)
class Film:
    """One film of a broken wrist, and the broken bones as they were before."""

    image_id: str
    case: Case
    shot: Shot
    body: wrist.Wrist
    sound: dict[str, tuple[wrist.Part, ...]]
    mineral: torch.Tensor


def make_patient(plan: WristPlan, patient: Patient, folder: Path) -> Rows:
    """Compute and write the films of one patient below ``folder``."""
    case, rows = draw_case(plan, patient), Rows()
    body = wrist.build(case.person, case.fractures, spacing=plan.voxel_mm)
    sound = _sound_parts(case, plan)
    for number, shot in enumerate(draw_shots(plan, case), start=1):
        image_id = f"synthetic_{patient.number:04d}_{number}"
        signal, mineral = radiograph.take(
            body, shot.camera, shot.position, _technique(case, shot), seed=shot.noise_seed
        )
        pixels = picture(signal, case, shot)
        raw = dicom_bytes(pixels, _headers(image_id, plan, case, shot, number), case.machine.storage)
        write_atomically(folder / "images" / f"{image_id}.dcm", raw)
        rows.images.append(_image_row(image_id, hashlib.sha256(raw).hexdigest(), case, shot, number))
        if body.sites:
            _add_truth(rows, Film(image_id, case, shot, body, sound, mineral), folder)
    return rows


def _technique(case: Case, shot: Shot) -> Exposure:
    return replace(case.machine.exposure, mas=case.machine.exposure.mas * shot.load)


def picture(signal: Signal, case: Case, shot: Shot) -> np.ndarray:
    """Stored values: display, side marker, edge of the collimator."""
    display = replace(case.machine.display, window=shot.window)
    pixels = present(signal.attenuation[0].numpy(), display, pixel_mm=case.machine.pixel_mm)
    bright, dark = (
        (2**display.bits - 1, 0) if display.photometric == "MONOCHROME2" else (0, 2**display.bits - 1)
    )
    scale = case.machine.columns / 330
    letter = "L" if case.left else "R"
    lead = np.zeros(pixels.shape, np.uint8)
    cv2.putText(
        lead, letter, shot.marker, cv2.FONT_HERSHEY_SIMPLEX, 0.9 * scale, 255, max(round(2 * scale), 1)
    )
    pixels[lead > 127] = bright
    if shot.shutter is not None:
        x0, y0, x1, y1 = shot.shutter
        shown = np.full_like(pixels, dark)
        shown[y0:y1, x0:x1] = pixels[y0:y1, x0:x1]
        pixels = shown
    return pixels


def _sound_parts(case: Case, plan: WristPlan) -> dict[str, tuple[wrist.Part, ...]]:
    """The broken bones as they were before."""
    broken = {fracture.bone for fracture in case.fractures}
    return {
        bone.name: (wrist.Part(wrist.sound_bone(case.person, number, spacing=plan.voxel_mm), STILL),)
        for number, bone in enumerate(case.person.bones)
        if bone.name in broken
    }


def _add_truth(rows: Rows, film: Film, folder: Path) -> None:
    whole = np.zeros((film.shot.camera.rows, film.shot.camera.columns), bool)
    through = radiograph.paths(film.body, film.shot.camera, film.shot.position, film.mineral)[None]
    quiet = expose(through, MATERIALS, film.shot.camera, _technique(film.case, film.shot))
    for number, site in enumerate(film.body.sites, start=1):
        one = radiograph.truth(site, film.shot.camera, film.shot.position)
        whole |= one.mask
        if one.box is not None:
            corners = dict(zip(("x_min", "y_min", "x_max", "y_max"), map(float, one.box), strict=True))
            names = {"image_id": film.image_id, "box_id": f"{film.image_id}_{number}", "label": "fracture"}
            rows.boxes.append({**names, **corners, "annotator": "simulation"})
        rows.truth.append(_truth_row(film, one, site.fracture, quiet))
    if whole.any():
        path = f"masks/{film.image_id}.png"
        write_atomically(folder / path, cv2.imencode(".png", whole.astype(np.uint8) * 255)[1].tobytes())
        rows.masks.append({"image_id": film.image_id, "path": path, "label": "fracture"})


def _truth_row(film: Film, one: Truth, fracture: Fracture, quiet: Signal) -> dict[str, object]:
    broken = tuple(part for part in film.body.parts if part.solid.name == one.bone)
    now, before = (
        radiograph.bone_paths(parts, film.shot.camera, film.shot.position)
        for parts in (broken, film.sound[one.bone])
    )
    contrast, index = radiograph.visibility(now, before, quiet, one.mask, per_density=_per_density())
    shift = (fracture.radial_shift, fracture.dorsal_shift, fracture.gap - fracture.shortening)
    turn = (fracture.radial_tilt, fracture.dorsal_tilt, fracture.supination)
    return {
        "image_id": film.image_id,
        "bone": one.bone,
        "kind": fracture.kind,
        "displaced": int(film.case.patient.displaced),
        "shift_mm": round(float(np.linalg.norm(shift)), 3),
        "tilt_degrees": round(float(np.linalg.norm(turn)), 3),
        "dorsal_tilt_degrees": round(fracture.dorsal_tilt, 3),
        "shortening_mm": round(fracture.shortening, 3),
        "contrast": round(contrast, 5),
        "detectability": round(index, 3),
        "in_picture": int(one.box is not None),
    }


def _per_density() -> float:
    """Attenuation of mineral in place of muscle, per g/cm³ · mm, near the mean energy of the beam."""
    at = int(np.searchsorted(energies(), _EFFECTIVE_KEV))
    return float((attenuation("bone")[at] - attenuation("soft")[at] * 1.06 / 1.92) / 10)


def _headers(image_id: str, plan: WristPlan, case: Case, shot: Shot, number: int) -> dict[str, object]:
    person, root = f"S{case.patient.number:04d}", (plan.name, plan.seed, plan.unbroken)
    return {
        "SOPInstanceUID": uid(*root, image_id),
        "StudyInstanceUID": uid(*root, person),
        "SeriesInstanceUID": uid(*root, person, number),
        "StudyID": "1",
        "SeriesNumber": number,
        "InstanceNumber": 1,
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "PatientName": f"Synthetic^{person}",
        "PatientID": person,
        "PatientBirthDate": "",
        "PatientSex": "M" if case.male else "F",
        "PatientAge": f"{int(case.age):03d}Y",
        "StudyDate": case.date.strftime("%Y%m%d"),
        "StudyTime": "120000",
        **_machine_headers(case, shot, number),
    }


def _machine_headers(case: Case, shot: Shot, number: int) -> dict[str, object]:
    machine, (view, projection, _) = case.machine, VIEWS[number - 1]
    return {
        "Manufacturer": machine.manufacturer,
        "ManufacturerModelName": machine.model_name,
        "InstitutionName": machine.site,
        "StudyDescription": "SYNTHETIC wrist",
        "SeriesDescription": f"SYNTHETIC wrist {projection}",
        "BodyPartExamined": "WRIST",
        "ViewPosition": "AP" if view == "AP" else "",
        "ImageLaterality": "L" if case.left else "R",
        "PatientOrientation": [],
        "KVP": f"{machine.exposure.kvp:g}",
        "ExposureInuAs": round(machine.exposure.mas * shot.load * 1000),
        "DistanceSourceToDetector": f"{SOURCE_DETECTOR_MM:g}",
        "DistanceSourceToPatient": f"{SOURCE_WRIST_MM:g}",
        "EstimatedRadiographicMagnificationFactor": f"{shot.camera.magnification:.4f}",
        "ImagerPixelSpacing": [f"{machine.pixel_mm:g}"] * 2,
        "BurnedInAnnotation": "NO",
    }


def _image_row(image_id: str, sha256: str, case: Case, shot: Shot, number: int) -> dict[str, object]:
    machine, person, broken = case.machine, f"S{case.patient.number:04d}", bool(case.fractures)
    view, projection, _ = VIEWS[number - 1]
    kind = "displaced" if case.patient.displaced else "undisplaced"
    return {
        "image_id": image_id,
        "path": f"images/{image_id}.dcm",
        "sha256": sha256,
        "patient_id": person,
        "study_id": f"{person}-1",
        "study_date": case.date.isoformat(),
        "site": machine.site,
        "modality": machine.storage.modality,
        "manufacturer": machine.manufacturer,
        "model_name": machine.model_name,
        "kvp": float(machine.exposure.kvp),
        "exposure_mas": round(machine.exposure.mas * shot.load, 3),
        "body_part": "WRIST",
        "view": view,
        "laterality": "L" if case.left else "R",
        "photometric": machine.storage.photometric,
        "rows": machine.rows,
        "columns": machine.columns,
        "pixel_spacing_mm": machine.pixel_mm,
        "age_years": case.age,
        "sex": "M" if case.male else "F",
        "label": "fracture" if broken else "none",
        "label_detail": f"{case.patient.site} {kind}" if broken else "",
        "displaced": case.patient.displaced if broken else None,
        "cast": case.cast,
        "projection": projection,
        "deidentified": "YES",
        "burned_in": "NO",
        "synthetic": True,
    }
