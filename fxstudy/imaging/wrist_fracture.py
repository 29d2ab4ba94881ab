"""Fractures of the drawn wrist: where a bone is parted and how its far part moves.

A fracture is a rough surface and a motion of the distal fragment in space; each view shows its projection.
Nothing is painted: the gap, the step of the cortex and the dense overlap follow from the motion.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Fracture:
    """One broken bone.

    Attributes
    ----------
    bone : str
        "radius" or "ulna".
    kind : str
        "colles", "smith", "undisplaced", "torus", "styloid" or "shaft".
    height : float
        y of the fracture in mm at the bone's axis.
    slope : float
        Rise of the line per mm towards the radial side.
    leap : float
        Rise of the surface per mm towards the dorsal side: how far it leans against the beam.
    gap, radial_shift, dorsal_shift, shortening : float
        Motion of the distal fragment in mm.
    dorsal_tilt, radial_tilt : float
        Its rotation in degrees; negative dorsal tilt is volar.
    supination : float
        Its twist about the arm in degrees.
    loss : float
        Width in mm of the bone that is lost along the surface.
    bulge : float
        Height of the cortical bulge in mm (torus).
    crush : float
        Factor on the density beside the surface.
    teeth : tuple of float
        Phases and heights (mm) of the three waves that make the surface rough.
    """

    bone: str
    kind: str
    height: float
    slope: float = 0.0
    leap: float = 0.0
    gap: float = 0.3
    radial_shift: float = 0.0
    dorsal_shift: float = 0.0
    shortening: float = 0.0
    dorsal_tilt: float = 0.0
    radial_tilt: float = 0.0
    supination: float = 0.0
    loss: float = 0.0
    bulge: float = 0.0
    crush: float = 1.0
    teeth: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

    @property
    def displaced(self) -> bool:
        """Whether a reader would call it displaced."""
        return self.kind in ("colles", "smith", "shaft displaced", "styloid displaced")

    def surface(self, x: np.ndarray, z: float, axis: float) -> np.ndarray:
        """y of the fracture surface (mm) at x and z."""
        line = self.height + self.slope * (x - axis) + self.leap * z
        for wave, length in enumerate((13.0, 5.3, 2.1)):
            phase = self.teeth[wave]
            way = np.cos(2.4 * phase + wave) * x + np.sin(2.4 * phase + wave) * z
            line = line + self.teeth[3 + wave] * np.sin(way * (2 * np.pi / length) + phase)
        return line


def _teeth(rng: np.random.Generator, height: float) -> tuple[float, ...]:
    phases = rng.uniform(0, 2 * np.pi, 3)
    return (
        *map(float, phases),
        *(float(h) for h in height * np.array([0.8, 0.45, 0.2]) * rng.uniform(0.2, 1.6, 3)),
    )


def draw_radius(rng: np.random.Generator, *, displaced: bool, child: bool, size: float) -> Fracture:
    """A fracture of the distal radius; ranges follow published series of Colles and Smith fractures."""
    height = -size * rng.uniform(14, 26)
    common = {"height": height, "slope": rng.uniform(-0.28, 0.28), "teeth": _teeth(rng, 0.9)}
    if displaced:
        sign = -1.0 if rng.random() < 0.1 else 1.0
        return Fracture(
            "radius",
            "colles" if sign > 0 else "smith",
            leap=sign * rng.uniform(-0.5, 0.1),
            gap=rng.uniform(0, 0.5),
            radial_shift=rng.uniform(0.3, 3.5),
            dorsal_shift=sign * rng.uniform(0.5, 5),
            shortening=rng.uniform(0.3, 4.5),
            dorsal_tilt=sign * rng.uniform(6, 28),
            radial_tilt=rng.uniform(1, 11),
            crush=rng.uniform(0.65, 1.08),
            **common,
        )
    if child and rng.random() < 0.6:
        return Fracture(
            "radius",
            "torus",
            leap=rng.uniform(-0.2, 0.2),
            gap=0.0,
            dorsal_tilt=rng.uniform(1, 7),
            bulge=rng.uniform(0.3, 1.5),
            crush=rng.uniform(1.05, 1.25),
            **common,
        )
    ease = float(rng.beta(1.1, 1.5))  # near 0 nothing can be seen
    return Fracture(
        "radius",
        "undisplaced",
        leap=rng.uniform(-0.6, 0.6),
        gap=ease * rng.uniform(0.1, 0.6),
        loss=ease * rng.uniform(0.0, 0.3),
        radial_shift=ease * rng.uniform(-0.6, 0.9),
        dorsal_shift=ease * rng.uniform(0, 0.9),
        shortening=ease * rng.uniform(-0.2, 0.6),
        dorsal_tilt=ease * rng.uniform(0, 4),
        radial_tilt=ease * rng.uniform(-0.5, 2),
        crush=1 + ease * rng.uniform(-0.3, 0.2),
        **common,
    )


def draw_ulna(rng: np.random.Generator, *, displaced: bool, alone: bool, size: float) -> Fracture:
    """A fracture of the ulnar styloid, or (mostly when the ulna alone is broken) of the distal ulna."""
    far = 1.0 if displaced else float(rng.uniform(0.03, 0.25))
    if rng.random() < (0.35 if alone else 0.78):
        kind = "styloid displaced" if displaced else "styloid"
        return Fracture(
            "ulna",
            kind,
            height=size * rng.uniform(-1.0, 1.6),
            slope=rng.uniform(0.1, 0.5),
            leap=rng.uniform(-0.2, 0.2),
            gap=far * rng.uniform(0.8, 2.6),
            radial_shift=far * rng.uniform(-2.0, 0.3),
            radial_tilt=far * rng.uniform(-8, 25),
            teeth=_teeth(rng, 0.35),
        )
    kind = "shaft displaced" if displaced else "shaft"
    return Fracture(
        "ulna",
        kind,
        height=-size * rng.uniform(12, 30),
        slope=rng.uniform(-0.4, 0.4),
        leap=rng.uniform(-0.4, 0.4),
        gap=min(far + 0.1, 0.4) * rng.uniform(0.2, 1.5),
        radial_shift=far * rng.uniform(-0.5, 3),
        dorsal_shift=far * rng.uniform(0.5, 3),
        shortening=far * rng.uniform(0, 2.5),
        dorsal_tilt=far * rng.uniform(2, 15),
        radial_tilt=far * rng.uniform(0, 10),
        teeth=_teeth(rng, 0.8),
    )
