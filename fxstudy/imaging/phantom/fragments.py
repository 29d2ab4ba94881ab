"""Breaking a bone: two fragments of one grid, and the rigid motion of the far one.

Both fragments keep the grid and texture of the unbroken bone; with a null fracture they add up to it exactly.
"""

from dataclasses import replace

import numpy as np

from fxstudy.imaging.phantom.solid import Solid
from fxstudy.imaging.wrist_fracture import Fracture

STILL = np.eye(3, 4)


def break_bone(solid: Solid, fracture: Fracture, axis: float) -> tuple[Solid, Solid, np.ndarray]:
    """Part a bone at a fracture.

    Parameters
    ----------
    solid : Solid
        The unbroken bone.
    fracture : Fracture
        Its surface, the bone lost or crushed along it.
    axis : float
        x of the bone's axis in mm.

    Returns
    -------
    near, far : Solid
        Proximal and distal fragment.
    site : ndarray, shape (n, 3)
        Points (x, y, z) of the fracture surface inside the bone.
    """
    x = solid.x[None, None, :]
    z = solid.z[:, None, None]
    surface = fracture.surface(x, z, axis).astype(np.float32)
    steep = np.float32(np.sqrt(1 + fracture.slope**2 + fracture.leap**2))
    beyond = (solid.y[None, :, None] - surface) / steep
    h, half_loss = np.float32(solid.spacing), np.float32(fracture.loss / 2)
    to_far = np.clip(0.5 + (beyond - half_loss) / h, 0, 1)
    to_near = np.clip(0.5 - (beyond + half_loss) / h, 0, 1)
    density = solid.density
    if fracture.crush != 1:
        density = density * (1 + np.float32(fracture.crush - 1) * np.exp(-np.abs(beyond) / np.float32(1.6)))
    at = np.nonzero((np.abs(beyond) < 0.6 * h) & (solid.density > 0.05))
    site = np.column_stack([solid.x[at[2]], solid.y[at[1]], solid.z[at[0]]])
    return replace(solid, density=density * to_near), replace(solid, density=density * to_far), site


def motion(fracture: Fracture, axis: float) -> np.ndarray:
    """Rigid motion (3, 4) of the far fragment: radial, distal, dorsal mm."""
    pivot = np.array([axis, fracture.height, 0.0])
    turn = rotation(fracture.radial_tilt, fracture.dorsal_tilt, fracture.supination)
    shift = np.array([fracture.radial_shift, fracture.gap - fracture.shortening, fracture.dorsal_shift])
    return np.column_stack([turn, pivot + shift - turn @ pivot])


def rotation(radial: float, dorsal: float, twist: float) -> np.ndarray:
    """Matrix (3, 3): tilt to the radial side, tilt to the dorsal side, twist about the arm, in degrees."""
    (cr, sr), (cd, sd), (ct, st) = ((np.cos(a), np.sin(a)) for a in np.deg2rad([radial, dorsal, twist]))
    to_radial = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    to_dorsal = np.array([[1, 0, 0], [0, cd, -sd], [0, sd, cd]])
    about_arm = np.array([[ct, 0, st], [0, 1, 0], [-st, 0, ct]])
    return to_radial @ to_dorsal @ about_arm


def hand_motion(fracture: Fracture | None, axis: float, *, follow: float = 0.35) -> np.ndarray:
    """Motion of carpus and hand: the joint rides on the fragment, the hand turns back by most of the tilt."""
    if fracture is None:
        return STILL
    moved = motion(fracture, axis)
    tilts = (fracture.radial_tilt, fracture.dorsal_tilt, fracture.supination)
    return np.column_stack([rotation(*(follow * tilt for tilt in tilts)), moved[:, 3]])


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Move points (n, 3)."""
    return points @ matrix[:, :3].T + matrix[:, 3]


def undo(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where moved points come from."""
    return (points - matrix[:, 3]) @ np.linalg.inv(matrix[:, :3]).T
