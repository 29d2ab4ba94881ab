"""What X-rays do in matter: attenuation by energy, tube spectra, and materials from Hounsfield units."""

from functools import cache
from importlib.resources import files

import numpy as np
import torch

from fxstudy.errors import ParameterError
from fxstudy.imaging.drr.volume import Volume

CT_KEV = 70  # effective energy of a CT beam, at which Hounsfield units are taken to be measured
TISSUES = ("fat", "soft", "bone", "titanium")
METAL_HU = 3000.0
_TITANIUM_DENSITY = 4.43


@cache
def _table(name: str) -> dict[str, np.ndarray]:
    text = files("fxstudy.imaging.drr").joinpath("tables", name).read_text(encoding="utf-8")
    header, *rows = text.splitlines()
    values = np.array([row.split(",") for row in rows], dtype=np.float64)
    return dict(zip(header.split(","), values.T, strict=True))


def energies() -> np.ndarray:
    """Photon energies of all tables in keV: 10, 11, … 120."""
    return _table("attenuation.csv")["kev"]


def materials() -> tuple[str, ...]:
    """Names of the tabulated materials."""
    return tuple(name for name in _table("attenuation.csv") if name != "kev")


def attenuation(material: str) -> np.ndarray:
    """Total mass attenuation in cm²/g at `energies`."""
    table = _table("attenuation.csv")
    if material not in table or material == "kev":
        raise ParameterError(f"material must be one of {', '.join(materials())}, not '{material}'")
    return table[material]


def spectrum(kvp: float, *, extra_aluminium_mm: float = 0.0) -> np.ndarray:
    """Photons per cm², keV and mAs at 100 cm from the focal spot, at `energies`.

    Tungsten anode of 12°, 3 mm aluminium; tabulated every 5 kV from 50 to 120 kV, between them interpolated.

    Parameters
    ----------
    kvp : float
        Tube voltage in kilovolts.
    extra_aluminium_mm : float
        Filter in addition to the 3 mm.
    """
    table = _table("spectra.csv")
    voltages = np.array([int(name[3:]) for name in table if name != "kev"])
    if not voltages[0] <= kvp <= voltages[-1]:
        raise ParameterError(f"kvp must lie between {voltages[0]} and {voltages[-1]}, not {kvp:g}")
    below = voltages[np.searchsorted(voltages, kvp, side="right") - 1]
    above = voltages[np.searchsorted(voltages, kvp)]
    share = 0.0 if above == below else (kvp - below) / (above - below)
    photons = (1 - share) * table[f"kvp{below}"] + share * table[f"kvp{above}"]
    photons = np.where(energies() <= kvp, photons, 0.0)
    return photons * np.exp(-attenuation("aluminium") * 2.70 * extra_aluminium_mm / 10)


def density(hounsfield: np.ndarray) -> np.ndarray:
    """Mass density in g/cm³ from Hounsfield units.

    References
    ----------
    Schneider W, Bortfeld T, Schlegel W. Correlation between CT numbers and tissue parameters needed for Monte
    Carlo simulations of clinical dose distributions. Phys Med Biol 2000;45:459-478.
    """
    points = [-1000, -98, 14, 23, 100, 1600, METAL_HU]
    values = [0.0012, 0.9305, 1.0305, 1.0305, 1.0762, 1.9642, 2.7930]
    return np.interp(hounsfield, points, values).astype(np.float32)


def to_materials(hounsfield: Volume, *, metal: bool = True) -> Volume:
    """Densities of fat, soft tissue, bone and metal (`TISSUES`) from a CT.

    Where bone and soft tissue share a voxel, their mixture attenuates at 70 keV as the CT measured. Values of
    3,000 HU and more are taken as titanium where ``metal`` is true, else as dense bone: a CT does not tell
    metals apart.

    Returns
    -------
    Volume
        Channels in g/cm³, in the order of `TISSUES`; air is 0.
    """
    hu = hounsfield.channels[0].cpu().numpy()
    mass = np.where(hu < -900, np.float32(0), density(hu))
    at = int(np.searchsorted(energies(), CT_KEV))
    water, soft, bone = (attenuation(name)[at] for name in ("water", "soft", "bone"))
    hard = np.clip(((1 + hu / 1000) * water / np.maximum(mass, 0.1) - soft) / (bone - soft), 0, 1) * (
        hu > 100
    )
    fat = np.clip((18 - hu) / 116, 0, 1)
    is_metal = (hu >= METAL_HU) & metal
    parts = [mass * fat, mass * (1 - fat) * (1 - hard), mass * (1 - fat) * hard, np.zeros_like(mass)]
    parts = [np.where(is_metal, np.float32(0), part) for part in parts[:3]] + [
        np.where(is_metal, np.float32(_TITANIUM_DENSITY), np.float32(0))
    ]
    values = torch.from_numpy(np.stack(parts).astype(np.float32))
    return Volume(values, hounsfield.spacing_mm, hounsfield.origin_mm)
