"""The picture on the screen: window, contrast of details, grey curve, photometric interpretation."""

from dataclasses import dataclass

import cv2
import numpy as np

from fxstudy.errors import ParameterError


@dataclass(frozen=True)
class Display:
    """Post-processing of one maker's machine.

    Parameters
    ----------
    window : (low, high)
        Percentiles of the attenuation inside the body that become black and white.
    body_from : float
        Attenuation above which a pixel counts as body (0 is air).
    compress : float
        Share of the coarse structure that is taken away (dynamic range compression), 0 to 1.
    coarse_mm : float
        Size of what counts as coarse.
    edges : float
        Strength of edge enhancement.
    gamma : float
        Exponent of the grey curve.
    bits : int
        Grey depth.
    photometric : {"MONOCHROME2", "MONOCHROME1"}
        Whether a large stored value is bright or dark on the screen; bone is bright either way.
    """

    window: tuple[float, float] = (1.0, 99.7)
    body_from: float = 0.15
    compress: float = 0.3
    coarse_mm: float = 12.0
    edges: float = 0.5
    gamma: float = 1.0
    bits: int = 12
    photometric: str = "MONOCHROME2"

    def __post_init__(self) -> None:
        if self.photometric not in ("MONOCHROME1", "MONOCHROME2"):
            raise ParameterError(f"photometric must be MONOCHROME1 or MONOCHROME2, not '{self.photometric}'")
        if not 8 <= self.bits <= 16:
            raise ParameterError(f"bits must lie between 8 and 16, not {self.bits}")


def present(attenuation: np.ndarray, display: Display, *, pixel_mm: float) -> np.ndarray:
    """Stored values "for presentation".

    Parameters
    ----------
    attenuation : ndarray of float32, shape (rows, columns)
        Negative logarithm of the signal over the flat field.
    display : Display
        Post-processing.
    pixel_mm : float
        Size of a pixel.

    Returns
    -------
    ndarray of uint8 or uint16, shape (rows, columns)
    """
    image = np.asarray(attenuation, dtype=np.float32)
    body = image > display.body_from
    if body.mean() < 0.01:
        body = np.ones_like(body)
    if display.compress:
        coarse = _coarse(image, display.coarse_mm / pixel_mm)
        image = image - np.float32(display.compress) * (coarse - np.float32(np.median(coarse[body])))
    if display.edges:
        fine = cv2.GaussianBlur(image, (0, 0), max(1.0 / pixel_mm, 0.8))
        image = image + np.float32(display.edges) * (image - fine)
    low, high = np.percentile(image[body], display.window)
    grey = np.clip((image - low) / max(high - low, 1e-6), 0, 1) ** np.float32(display.gamma)
    top = 2**display.bits - 1
    stored = np.rint(grey * top).astype(np.uint8 if display.bits == 8 else np.uint16)
    return stored if display.photometric == "MONOCHROME2" else (top - stored).astype(stored.dtype)


def _coarse(image: np.ndarray, pixels: float) -> np.ndarray:
    step = max(int(pixels / 4), 1)
    size = (-(-image.shape[1] // step), -(-image.shape[0] // step))
    small = cv2.GaussianBlur(cv2.resize(image, size, interpolation=cv2.INTER_AREA), (0, 0), pixels / step)
    return cv2.resize(small, image.shape[::-1], interpolation=cv2.INTER_LINEAR)
