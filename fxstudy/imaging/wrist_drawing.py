"""A radiograph of the drawn wrist: bones, soft tissue, cast, detector and display."""

from dataclasses import dataclass

import cv2
import numpy as np

from fxstudy.imaging.wrist_bones import Bone
from fxstudy.imaging.wrist_fracture import Fracture
from fxstudy.imaging.wrist_projection import Frame, Motion, draw_bone, motion_in_view, project

BONE_PER_MM = 0.052  # attenuation of cortical bone in excess of the tissue it replaces, about 60 kVp
TISSUE_PER_MM = 0.022
PLASTER_PER_MM = 0.030
_LAYERS = (-0.55, 0.55)


@dataclass(frozen=True)
class Scanner:
    """An X-ray machine of the drawn cohort.

    ``photons`` reach a pixel where nothing is in the beam, ``blur`` is in pixels, ``gamma`` bends the display
    curve, ``sharpen`` is the share of unsharp masking.
    """

    manufacturer: str
    model_name: str
    spacing: float
    photons: float
    blur: float
    gamma: float
    sharpen: float


@dataclass(frozen=True)
class Wrist:
    """One patient's wrist, the same in all views."""

    bones: tuple[Bone, ...]
    fractures: tuple[Fracture, ...]
    texture: np.ndarray
    size: float
    habitus: float
    mirrored: bool
    child: float = 0.0
    physis: float | None = None
    cast: float | None = None


@dataclass(frozen=True)
class View:
    """One exposure: turn about the forearm (degrees), pose on the film and chance of the display."""

    degrees: float
    frame: Frame
    noise_seed: int
    exposure: float = 1.0
    window: tuple[float, float] = (2.0, 99.7)
    shutter: tuple[int, int, int, int] | None = None
    marker: tuple[int, int] | None = None


def trabeculae(rng: np.random.Generator, *, size: int = 512) -> np.ndarray:
    """Texture of spongy bone, mean 1, five samples per mm, streaks along the bone."""
    fine = cv2.GaussianBlur(rng.standard_normal((size, size), dtype=np.float32), (0, 0), 1.3, sigmaY=4.0)
    coarse = cv2.GaussianBlur(rng.standard_normal((size, size), dtype=np.float32), (0, 0), 9.0, sigmaY=16.0)
    return np.clip(1 + 0.24 * fine / fine.std() + 0.16 * coarse / coarse.std(), 0.05, 2.2)


def draw(wrist: Wrist, view: View, scanner: Scanner) -> tuple[np.ndarray, list[tuple[str, np.ndarray]]]:
    """Draw one radiograph.

    Returns
    -------
    pixels : ndarray of uint8, shape (rows, columns)
        Bone bright.
    boxes : list of (kind of fracture, (x_min, y_min, x_max, y_max))
        One box per broken bone that lies inside the image.
    """
    frame = view.frame
    thickness = np.zeros((frame.rows, frame.columns), np.float32)
    broken = {fracture.bone: fracture for fracture in wrist.fractures}
    hand = _hand_motion(wrist, broken.get("radius"), view.degrees)
    boxes = []
    for bone in wrist.bones:
        fracture = broken.get(bone.name)
        projected = project(bone, view_degrees=view.degrees, fracture=fracture)
        physis = _physis_of(bone, wrist)
        common = {"texture": wrist.texture, "physis": physis}
        if fracture is None:
            motion = hand if bone.moves_with == "hand" else Motion()
            draw_bone(thickness, projected, frame, motion=motion, **common)
            continue
        for share in _LAYERS:
            layer = share * bone.depth[1]
            moved = motion_in_view(fracture, projected.axis, view_degrees=view.degrees, depth=layer)
            sides = {
                "fracture": fracture,
                "view_degrees": view.degrees,
                "layer": layer,
                "weight": 0.5,
                **common,
            }
            draw_bone(thickness, projected, frame, part="near", **sides)
            draw_bone(thickness, projected, frame, part="far", motion=moved, **sides)
        box = _fracture_box(projected.outline, fracture, frame)
        if box is not None:
            boxes.append((fracture.kind, box))
    tissue, plaster = soft_tissue(wrist, view)
    attenuation = BONE_PER_MM * thickness + TISSUE_PER_MM * tissue + PLASTER_PER_MM * plaster
    return _display(_expose(attenuation, view, scanner), tissue, view, scanner), boxes


def _hand_motion(wrist: Wrist, fracture: Fracture | None, degrees: float) -> Motion:
    if fracture is None:
        return Motion()
    axis = next(bone.axis[1] for bone in wrist.bones if bone.name == "radius")
    motion = motion_in_view(fracture, axis * np.cos(np.deg2rad(degrees)), view_degrees=degrees, depth=0.0)
    carried = motion.apply(np.zeros((1, 2)))[0]  # the joint goes with the fragment, the hand turns back in it
    return Motion(motion.turn * 0.35, (0.0, 0.0), (float(carried[0]), float(carried[1])))


def _physis_of(bone: Bone, wrist: Wrist) -> tuple[float, float] | None:
    if wrist.physis is None or bone.name not in ("radius", "ulna"):
        return None
    return (-8.0 if bone.name == "radius" else -7.0) * wrist.size, wrist.physis


def _fracture_box(outline: np.ndarray, fracture: Fracture, frame: Frame) -> np.ndarray | None:
    """Box around the fracture line and what moves beside it, 3 mm wider on all sides."""
    reach = 3.0 + max(fracture.shortening, abs(fracture.radial_shift)) / 2
    near = outline[np.abs(outline[:, 1] - fracture.height) < 3.0 + reach]
    if fracture.kind.startswith("styloid"):
        near = near[near[:, 0] < outline[:, 0].min() + 7]
    if len(near) < 2:
        return None
    low, high = near.min(axis=0), near.max(axis=0)
    low[1], high[1] = fracture.height - 2 - reach, fracture.height + 2 + reach
    low[0], high[0] = low[0] - reach + 1, high[0] + reach - 1
    corners = frame.to_pixels(np.array([[x, y] for x in (low[0], high[0]) for y in (low[1], high[1])]))
    box = np.concatenate([np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))])
    box = np.clip(box, 0, [frame.columns, frame.rows] * 2)
    return box if (box[2] - box[0] >= 4 and box[3] - box[1] >= 4) else None


def soft_tissue(wrist: Wrist, view: View) -> tuple[np.ndarray, np.ndarray]:
    """Tissue and plaster along the beam, in mm, shape (rows, columns)."""
    frame, step = view.frame, 3
    small = Frame(-(-frame.rows // step), -(-frame.columns // step), frame.spacing * step,
                  (frame.origin[0] / step, frame.origin[1] / step), frame.turn, frame.mirrored)  # fmt: skip
    x, y = small.grid(0, 0, small.columns, small.rows)
    x, y = x / np.float32(wrist.size), y / np.float32(wrist.size)
    turn = abs(np.sin(np.deg2rad(view.degrees)))
    at = [-70, -40, -15, 0, 20, 40, 60]
    ulnar = np.interp(y, at, [-33, -31, -31, -31.5, -31, -34, -38]).astype(np.float32)
    radial = np.interp(y, at, [20, 19.5, 22, 24, 30, 46, 62]).astype(np.float32)
    half = np.interp(y, at, [22, 20, 18, 17, 16, 14, 13]).astype(np.float32)
    centre, width = (ulnar + radial) / 2, (radial - ulnar) / 2 * np.float32(wrist.habitus)
    centre, width = centre * np.float32(1 - 0.25 * turn), width * np.float32(1 - 0.18 * turn)
    half = half * np.float32(wrist.habitus * (1 + 0.3 * turn))

    def chord(grow: float) -> np.ndarray:
        across = (x - centre) / (width + np.float32(grow))
        return 2 * (half + np.float32(grow)) * np.sqrt(np.clip(1 - across * across, 0, 1))

    tissue = 0.82 * chord(0.0) + 0.18 * chord(-5.0)
    plaster = np.zeros_like(tissue)
    if wrist.cast is not None:
        rough = cv2.resize(wrist.texture[:64, :64], tissue.shape[::-1], interpolation=cv2.INTER_CUBIC)
        end = np.clip((24 - y) / np.float32(0.8), 0, 1)
        plaster = (chord(3.0 + wrist.cast) - chord(3.0)) * end * (0.7 + 0.3 * rough)
    size = (frame.columns, frame.rows)
    scale = np.float32(wrist.size)
    return tuple(
        cv2.GaussianBlur(
            cv2.resize(np.float32(part) * scale, (small.columns * step, small.rows * step)), (0, 0), 1.0
        )[: size[1], : size[0]]
        for part in (tissue, plaster)
    )


def _expose(attenuation: np.ndarray, view: View, scanner: Scanner) -> np.ndarray:
    """Detected attenuation: scatter, blur of the detector, quantum noise."""
    rng = np.random.default_rng(view.noise_seed)
    signal = np.exp(-attenuation)
    signal += np.float32(0.06) * np.float32(signal.mean())
    signal = cv2.GaussianBlur(signal, (0, 0), scanner.blur)
    photons = np.float32(scanner.photons * view.exposure)
    grain = rng.standard_normal(signal.shape, dtype=np.float32)
    signal = signal + grain * np.sqrt(signal / photons)
    return -np.log(np.maximum(signal, np.float32(1e-3)))


def _display(attenuation: np.ndarray, tissue: np.ndarray, view: View, scanner: Scanner) -> np.ndarray:
    """Grey levels of the picture: window inside the arm, sharpening, marker, shutter."""
    low, high = np.percentile(attenuation[::3, ::3][tissue[::3, ::3] > 2], view.window)
    if scanner.sharpen:
        attenuation = attenuation + np.float32(scanner.sharpen) * (
            attenuation - cv2.GaussianBlur(attenuation, (0, 0), 5.0)
        )
    grey = np.clip((attenuation - np.float32(low * 0.6)) * np.float32(1 / (high - low * 0.6)), 0, 1)
    grey = np.rint(255 * cv2.pow(grey, scanner.gamma)).astype(np.uint8)
    if view.marker is not None:
        letter = "L" if view.frame.mirrored else "R"
        cv2.putText(grey, letter, view.marker, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 235, 2, cv2.LINE_AA)
    if view.shutter is not None:
        x0, y0, x1, y1 = view.shutter
        shown = np.zeros_like(grey)
        shown[y0:y1, x0:x1] = grey[y0:y1, x0:x1]
        grey = shown
    return grey
