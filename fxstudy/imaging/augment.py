"""Chance variations of a prepared image, drawn apart from being applied.

What is drawn (`Drawn`) is a small record that can be stored beside a prediction and applied again: the same
record gives the same picture. Geometry is one affine warp, grey levels are one look-up table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields

import cv2
import numpy as np
import pandas as pd

from fxstudy.errors import ParameterError


@dataclass(frozen=True)
class Drawn:
    """One variation, ready to be applied; the default changes nothing.

    Attributes
    ----------
    rotation_degrees : float
        Counter-clockwise.
    mirrored : bool
        Left and right exchanged (before everything else).
    shift_x, shift_y : float
        To the right and downwards, in shares of width and height.
    zoom : float
        1.1 shows everything 10 % larger.
    shear_degrees : float
        Columns lean to the right by this angle.
    brightness : float
        Added to the grey levels, in shares of the full range.
    contrast : float
        Factor about the middle grey.
    noise : float
        Standard deviation of added Gaussian noise, in shares of the full range.
    noise_seed : int
        Seed of that noise.
    """

    rotation_degrees: float = 0.0
    mirrored: bool = False
    shift_x: float = 0.0
    shift_y: float = 0.0
    zoom: float = 1.0
    shear_degrees: float = 0.0
    brightness: float = 0.0
    contrast: float = 1.0
    noise: float = 0.0
    noise_seed: int = 0

    def to_dict(self) -> dict[str, float | bool | int]:
        """Plain values for a table or JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> "Drawn":
        """Read back what `to_dict` wrote."""
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise ParameterError(f"a drawn augmentation must not have the fields {', '.join(unknown)}")
        return cls(**values)

    def matrix(self, rows: int, columns: int) -> np.ndarray:
        """Affine map (2, 3) from pixels of the image to pixels of the varied image.

        Coordinates are pixel edges: (0, 0) is the outer corner of the first pixel.
        """
        turn, lean = np.deg2rad(self.rotation_degrees), np.tan(np.deg2rad(self.shear_degrees))
        cos, sin = np.cos(turn), np.sin(turn)
        linear = self.zoom * np.array([[cos, sin], [-sin, cos]]) @ np.array([[1.0, -lean], [0.0, 1.0]])
        if self.mirrored:
            linear = linear @ np.diag([-1.0, 1.0])
        centre = np.array([columns / 2, rows / 2])
        offset = centre - linear @ centre + [self.shift_x * columns, self.shift_y * rows]
        return np.column_stack([linear, offset])


_RANGES = ("rotation_degrees", "zoom", "shear_degrees", "brightness", "contrast", "noise")


@dataclass(frozen=True)
class ExtraCopy:
    """A fixed additional copy of every training image of one class (oversampling)."""

    label: str
    drawn: Drawn


@dataclass(frozen=True)
class Augmentation:
    """Ranges from which a variation is drawn for each image and epoch; all default to no change.

    Parameters
    ----------
    rotation_degrees, shear_degrees : (low, high)
        In degrees.
    mirror_share : float
        Share of the images that are mirrored left to right.
    shift_share : float
        Largest shift in each direction, in shares of width and height.
    zoom, contrast : (low, high)
        Factors; drawn so that twice and half are equally likely.
    brightness, noise : (low, high)
        In shares of the full grey range.
    copies : tuple of ExtraCopy
        Fixed extra copies of training images; see `training_items`.
    """

    rotation_degrees: tuple[float, float] = (0.0, 0.0)
    mirror_share: float = 0.0
    shift_share: float = 0.0
    zoom: tuple[float, float] = (1.0, 1.0)
    shear_degrees: tuple[float, float] = (0.0, 0.0)
    brightness: tuple[float, float] = (0.0, 0.0)
    contrast: tuple[float, float] = (1.0, 1.0)
    noise: tuple[float, float] = (0.0, 0.0)
    copies: tuple[ExtraCopy, ...] = ()

    def __post_init__(self) -> None:
        for name in _RANGES:
            low, high = getattr(self, name)
            if not low <= high:
                raise ParameterError(f"{name} must be (low, high) with low not above high, not {(low, high)}")
        if not 0 <= self.mirror_share <= 1:
            raise ParameterError(f"mirror_share must lie between 0 and 1, not {self.mirror_share}")
        if not 0 <= self.shift_share < 1:
            raise ParameterError(f"shift_share must be at least 0 and below 1, not {self.shift_share}")
        if min(self.zoom[0], self.contrast[0]) <= 0 or self.noise[0] < 0:
            raise ParameterError("zoom and contrast must be above 0 and noise not below 0")

    def sample(self, rng: np.random.Generator) -> Drawn:
        """Draw one variation. Every call takes the same number of random values from ``rng``."""
        unit = rng.random(9)
        seed = int(rng.integers(2**31))
        return Drawn(
            rotation_degrees=_between(self.rotation_degrees, unit[0]),
            mirrored=bool(unit[1] < self.mirror_share),
            shift_x=_between((-self.shift_share, self.shift_share), unit[2]),
            shift_y=_between((-self.shift_share, self.shift_share), unit[3]),
            zoom=_factor_between(self.zoom, unit[4]),
            shear_degrees=_between(self.shear_degrees, unit[5]),
            brightness=_between(self.brightness, unit[6]),
            contrast=_factor_between(self.contrast, unit[7]),
            noise=_between(self.noise, unit[8]),
            noise_seed=seed,
        )


def _between(bounds: tuple[float, float], share: float) -> float:
    return float(bounds[0] + (bounds[1] - bounds[0]) * share)


def _factor_between(bounds: tuple[float, float], share: float) -> float:
    return float(bounds[0] * (bounds[1] / bounds[0]) ** share)


def apply(image: np.ndarray, drawn: Drawn) -> np.ndarray:
    """Apply one variation to a prepared image.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width)
        A prepared image; it is not changed.
    drawn : Drawn
        The variation.

    Returns
    -------
    ndarray of uint8, shape (height, width)
        What lies outside the image is black.
    """
    out = image
    matrix = drawn.matrix(*image.shape)
    if not np.array_equal(matrix, np.eye(2, 3)):
        matrix[:, 2] += matrix[:, :2] @ [0.5, 0.5] - 0.5  # OpenCV counts from pixel centres
        out = cv2.warpAffine(out, matrix, image.shape[::-1], flags=cv2.INTER_LINEAR)
    if drawn.brightness or drawn.contrast != 1:
        levels = (np.arange(256) - 127.5) * drawn.contrast + 127.5 + 255 * drawn.brightness
        out = cv2.LUT(out, np.rint(np.clip(levels, 0, 255)).astype(np.uint8))
    if drawn.noise:
        grain = np.random.default_rng(drawn.noise_seed).standard_normal(image.shape, dtype=np.float32)
        out = cv2.add(out, grain * np.float32(255 * drawn.noise), dtype=cv2.CV_8U)
    return out.copy() if out is image else out


def apply_to_boxes(boxes: np.ndarray, rows: int, columns: int, drawn: Drawn) -> np.ndarray:
    """Boxes (n, 4) after a variation: smallest upright boxes around the moved corners, cut at the border."""
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    matrix = drawn.matrix(rows, columns)
    corners = np.stack([boxes[:, [i, j]] for i in (0, 2) for j in (1, 3)], axis=1)
    moved = corners @ matrix[:, :2].T + matrix[:, 2]
    out = np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1)
    return np.clip(out, 0, [columns, rows, columns, rows])


def training_items(images: pd.DataFrame, augmentation: Augmentation) -> Iterator[tuple[str, Drawn | None]]:
    """The rows of one epoch: each image once, and its fixed copies.

    Parameters
    ----------
    images : DataFrame
        Training rows with the columns image_id and label.
    augmentation : Augmentation
        Its ``copies`` say which class is repeated, and how.

    Yields
    ------
    (image_id, drawn)
        ``drawn`` is None where a variation is sampled anew in each epoch, else the copy's fixed one.
    """
    for image_id, label in zip(images["image_id"], images["label"], strict=True):
        yield image_id, None
        for copy in augmentation.copies:
            if copy.label == label:
                yield image_id, copy.drawn


def plain() -> Augmentation:
    """Rotation ±15°, mirror, lighter and darker: an ordinary recipe for wrists, no paper's."""
    return Augmentation(
        rotation_degrees=(-15.0, 15.0), mirror_share=0.5, brightness=(-0.15, 0.15), contrast=(0.8, 1.25)
    )


def wrist_delong_paper() -> Augmentation:
    """As published for wrist_delong: fractures doubled by a copy enlarged by 10 %; no flips, no rotation.

    References
    ----------
    Kim MW et al. Application of convolutional neural networks for distal radio-ulnar fracture detection on
    plain radiographs in the emergency room. Clin Exp Emerg Med 2021;8(2):120-127.
    """
    return Augmentation(copies=(ExtraCopy("fracture", Drawn(zoom=1.10)),))


RECIPES = {"none": Augmentation, "plain": plain, "wrist_delong_paper": wrist_delong_paper}


def augmentation_recipe(name: str) -> Augmentation:
    """The recipe of a name: none, plain, or a paper's."""
    if name not in RECIPES:
        raise ParameterError(f"augmentation must be one of {', '.join(RECIPES)}, not {name!r}")
    return RECIPES[name]()
