"""Make the two tables of `fxstudy.imaging.drr`: mass attenuation and tube spectra.

Run once, in an environment of its own, since spekpy weighs 164 MB and is needed for nothing else:

    python -m venv tables && tables/bin/pip install xraydb==4.5.8 spekpy==2.5.4
    tables/bin/python scripts/make_xray_tables.py fxstudy/imaging/drr/tables

Attenuation: total mass attenuation in cm²/g from xraydb (Elam, Ravel, Sieber; agrees with NIST's XCOM),
compositions of ICRU Report 44 as NIST lists them. Spectra: photons per cm², keV and mAs at 100 cm from a
tungsten anode of 12°, 3 mm aluminium, from spekpy.
"""

import csv
import sys
from pathlib import Path

import numpy as np
import spekpy
import xraydb

ENERGIES = np.arange(10, 121)
TUBE_VOLTAGES = range(50, 125, 5)
MATERIALS = {
    "air": {"C": 0.000124, "N": 0.755268, "O": 0.231781, "Ar": 0.012827},
    "water": {"H": 0.111898, "O": 0.888102},
    "fat": {"H": 0.114, "C": 0.598, "N": 0.007, "O": 0.278, "Na": 0.001, "S": 0.001, "Cl": 0.001},
    "soft": {
        "H": 0.102,
        "C": 0.143,
        "N": 0.034,
        "O": 0.708,
        "Na": 0.002,
        "P": 0.003,
        "S": 0.003,
        "Cl": 0.002,
        "K": 0.003,
    },
    "bone": {
        "H": 0.034,
        "C": 0.155,
        "N": 0.042,
        "O": 0.435,
        "Na": 0.001,
        "Mg": 0.002,
        "P": 0.103,
        "S": 0.003,
        "Ca": 0.225,
    },
    "titanium": {"Ti": 0.90, "Al": 0.06, "V": 0.04},
    "cobalt_chrome": {"Co": 0.65, "Cr": 0.29, "Mo": 0.06},
    "steel": {"Fe": 0.68, "Cr": 0.17, "Ni": 0.13, "Mo": 0.02},
    "plaster": {"H": 0.0234, "O": 0.5576, "S": 0.1862, "Ca": 0.2328},
    "aluminium": {"Al": 1.0},
    "caesium_iodide": {"Cs": 0.5115, "I": 0.4885},
}


def write(path: Path, header: list[str], columns: list[np.ndarray]) -> None:
    """Write columns as CSV with six significant digits."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in zip(*columns, strict=True):
            writer.writerow([int(row[0]), *(f"{value:.6g}" for value in row[1:])])


def attenuation(parts: dict[str, float]) -> np.ndarray:
    """Total mass attenuation (cm²/g) at ENERGIES."""
    total = sum(parts.values())
    return sum(share / total * xraydb.mu_elam(element, ENERGIES * 1000.0) for element, share in parts.items())


def spectrum(kvp: int) -> np.ndarray:
    """Photons per cm², keV and mAs at 100 cm, at ENERGIES."""
    tube = spekpy.Spek(kvp=kvp, th=12, dk=1, z=100, mas=1)
    tube.filter("Al", 3)
    energies, photons = tube.get_spectrum()
    return np.interp(ENERGIES, energies, photons, left=0, right=0) * (kvp >= ENERGIES)


def main() -> None:
    """Write attenuation.csv and spectra.csv into the folder named on the command line."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "attenuation.csv", ["kev", *MATERIALS], [ENERGIES, *map(attenuation, MATERIALS.values())])
    write(
        folder / "spectra.csv",
        ["kev", *(f"kvp{k}" for k in TUBE_VOLTAGES)],
        [ENERGIES, *map(spectrum, TUBE_VOLTAGES)],
    )


if __name__ == "__main__":
    main()
