"""Bones of the drawn wrist: outlines in millimetres, thickness towards the viewer, cortex.

A frontal plan of an adult right wrist, x to the radial side, y distally, z dorsally, origin in the middle of
the radiocarpal joint. Sizes follow published means (radial inclination 24°, radius 27 mm wide, capitate 25 mm
long); it is an interim drawing, not measured anatomy.
"""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Bone:
    """One bone seen from the front.

    Attributes
    ----------
    name : str
        Anatomical name.
    outline : ndarray, shape (n, 2)
        Closed outline (x, y) in mm.
    axis : tuple of float
        x of the bone's axis at y = -40 and at y = 0 (long bones), or its centre twice.
    depth : tuple of float
        Half thickness towards the viewer in mm, proximal and distal.
    z : float
        Position of the centre towards the dorsal side, mm.
    cortex : tuple of float
        Thickness of the cortex in mm, proximal and distal.
    rounding : float
        Distance from the outline, mm, within which the surface curves away.
    spongy : tuple of float
        Density of the inside as a share of cortical bone, proximal and distal.
    moves_with : str
        Which fragment it follows when the radius is broken: "shaft" or "hand".
    """

    name: str
    outline: np.ndarray
    axis: tuple[float, float]
    depth: tuple[float, float]
    z: float = 0.0
    cortex: tuple[float, float] = (0.75, 0.75)
    rounding: float = 5.0
    spongy: tuple[float, float] = (0.20, 0.20)
    moves_with: str = "hand"


_RADIUS = [
    (-2.2, -95), (-2.2, -58), (-2.8, -45), (-4.6, -33), (-7.8, -22), (-10.4, -13), (-11.4, -8), (-11.8, -4),
    (-10.8, -1.4), (-6.5, -0.4), (-1, 1.0), (4, 3.4), (9, 7.2), (12.2, 10.2), (14.6, 10.6), (16.0, 7.0),
    (16.8, 0), (16.4, -8), (15.2, -17), (13.2, -28), (11.2, -42), (10.4, -58), (10.4, -95),
]  # fmt: skip
_ULNA = [
    (-26.0, -95), (-25.8, -58), (-25.6, -40), (-26.4, -25), (-28.2, -15), (-29.2, -8), (-29.3, -3),
    (-28.9, 0.8), (-27.8, 4.0), (-26.4, 4.4), (-25.4, 1.6), (-23.6, -1.2), (-19.0, -1.4), (-14.8, -2.8),
    (-13.4, -6), (-13.8, -11), (-15.2, -18), (-15.6, -28), (-15.0, -42), (-14.6, -58), (-14.6, -95),
]  # fmt: skip
_CARPALS = {
    "scaphoid": (
        [(2, 6.2), (7, 7.4), (12, 11.5), (17, 16.5), (19.4, 21), (17.4, 24.4), (13, 23.2), (8.8, 19.2),
         (4.6, 16), (1.2, 11)], 6.0, -1.5),
    "lunate": (
        [(-11, 2.6), (-6, 2.0), (-1, 4.0), (-0.9, 9.5), (-3.2, 12.6), (-7.5, 11.2), (-12, 12), (-13, 7)],
        7.0, 0.0),
    "triquetrum": ([(-14.2, 6.5), (-18.5, 5.5), (-22.8, 9), (-22.4, 15), (-18.5, 17), (-14, 13.6)], 6.0, 1.5),
    "pisiform": (
        [(-14.5, 11), (-16, 7.5), (-19.5, 7), (-22.3, 9.8), (-21.6, 14), (-18, 15.6), (-15.2, 14.2)],
        5.0, -9.0),
    "capitate": (
        [(-4.6, 15.2), (-1.6, 13.6), (2.2, 15.4), (5.4, 20.5), (6.0, 28), (5.2, 36.2), (-4, 37.2), (-6.2, 30),
         (-6.2, 22)], 8.0, 0.5),
    "hamate": (
        [(-8.6, 15.4), (-7.8, 26), (-7.2, 36.6), (-14.5, 37.4), (-20.6, 33.5), (-19.8, 26), (-14.6, 18.6)],
        7.5, 0.0),
    "trapezoid": ([(7.6, 26.5), (12, 25.4), (14, 30), (12.6, 36.4), (6.9, 36.8)], 6.5, 2.0),
    "trapezium": ([(15.4, 26), (20.5, 24.6), (26, 27.4), (25, 33), (19, 37.2), (14.8, 33)], 6.5, -5.0),
}  # fmt: skip
_CARPAL_SCALE = 1.10
_METACARPALS = (  # base and head (x, y), half width of base and shaft, z
    ((24.5, 36.5), (42, 72), 7.2, 4.6, -9.0),
    ((10.2, 38.6), (14, 104), 6.8, 4.3, 2.5),
    ((0.2, 39.0), (1, 106), 6.4, 4.4, 3.0),
    ((-9.6, 38.8), (-12, 100), 5.4, 3.7, 1.5),
    ((-17.4, 38.2), (-24, 92), 5.8, 4.0, -1.0),
)


def smooth(points: np.ndarray, *, steps: int = 6) -> np.ndarray:
    """Closed centripetal curve (Catmull-Rom) through the points, ``steps`` pieces between two of them."""
    p0, p1, p2, p3 = (np.roll(points, k, axis=0)[:, None] for k in (1, 0, -1, -2))
    t = (np.arange(steps) / steps)[None, :, None]
    curve = 0.5 * (
        2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    return curve.reshape(-1, 2)


def _metacarpal(number: int) -> Bone:
    base, head, wide, narrow, z = _METACARPALS[number]
    base, head = np.array(base), np.array(head)
    along = (head - base) / np.linalg.norm(head - base)
    across = np.array([-along[1], along[0]])
    profile = [(0, 0.86), (4, 1.0), (9, 0.82), (16, narrow / wide), (40, narrow / wide), (60, 1.0)]
    left = [base + along * s + across * wide * w for s, w in profile]
    right = [base + along * s - across * wide * w for s, w in reversed(profile)]
    centre = float(base[0])
    return Bone(
        f"metacarpal {number + 1}", smooth(np.array(left + right)), (centre, centre), (wide, narrow + 0.6), z,
        (0.8, 1.5), narrow, (0.2, 0.08),
    )  # fmt: skip


def along(pair: tuple[float, float], y: np.ndarray) -> np.ndarray:
    """A quantity along a long bone: its proximal value below -45 mm, its distal one above -12 mm."""
    share = np.clip((y + np.float32(45)) * np.float32(1 / 33), 0, 1)
    return np.float32(pair[0]) + np.float32(pair[1] - pair[0]) * (share * share * (3 - 2 * share))


def adult_bones() -> tuple[Bone, ...]:
    """All bones of the plan, in drawing order."""
    radius = Bone(
        "radius",
        smooth(np.array(_RADIUS, float)),
        (4.1, 2.4),
        (5.8, 9.4),
        0.0,
        (2.6, 0.75),
        6.3,
        (0.03, 0.24),
        "shaft",
    )
    ulna = Bone(
        "ulna",
        smooth(np.array(_ULNA, float)),
        (-20.4, -21.2),
        (5.4, 7.6),
        1.5,
        (2.2, 0.8),
        5.6,
        (0.03, 0.22),
        "shaft",
    )
    carpals = []
    for name, (points, depth, z) in _CARPALS.items():
        outline = smooth(np.array(points, float))
        outline = outline.mean(axis=0) + (outline - outline.mean(axis=0)) * _CARPAL_SCALE
        centre = float(outline[:, 0].mean())
        carpals.append(Bone(name, outline, (centre, centre), (depth, depth), z))
    return (radius, ulna, *carpals, *(_metacarpal(i) for i in range(5)))


def vary(
    bones: tuple[Bone, ...], *, size: float, cortex: float, child: float, rng: np.random.Generator
) -> tuple[Bone, ...]:
    """The same wrist in another person.

    Parameters
    ----------
    size : float
        Scale of everything (1 = average adult man).
    cortex : float
        Factor on the thickness of the cortex (below 1 in osteoporosis).
    child : float
        0 for an adult, up to 1 for a small child: carpals shrink, leaving wide cartilage between them.
    rng : Generator
        Draws inclination, ulnar variance and small differences of every outline.
    """
    incline, variance = rng.normal(0, 0.06), rng.normal(-0.4, 1.4)
    out = []
    for bone in bones:
        outline = bone.outline.copy()
        if bone.name == "radius":
            outline[:, 1] += np.where(outline[:, 1] > -6, incline * (outline[:, 0] - 2), 0)
        elif bone.name == "ulna":
            outline[:, 1] += variance * np.clip(1 + outline[:, 1] / 60, 0, 1)
        elif not bone.name.startswith("metacarpal"):
            centre = outline.mean(axis=0)
            outline = centre + (outline - centre) * (1 - 0.32 * child) + rng.normal(0, 0.35, 2)
        angle = np.linspace(0, 2 * np.pi, len(outline), endpoint=False)
        for order in (2, 3, 5):
            wave = np.cos(order * angle + rng.uniform(0, 2 * np.pi)) * rng.normal(0, 0.16)
            outline[:, 0] += wave
        thickness = tuple(value * cortex * size for value in bone.cortex)
        out.append(
            replace(
                bone, outline=outline * size, axis=tuple(v * size for v in bone.axis), z=bone.z * size,
                depth=tuple(v * size * rng.uniform(0.94, 1.06) for v in bone.depth), cortex=thickness,
                rounding=bone.rounding * size,
            )
        )  # fmt: skip
    return tuple(out)
