"""Attenuation, spectra and materials against published numbers."""

import numpy as np
import pytest
import torch

from fxstudy.errors import ParameterError
from fxstudy.imaging.drr.materials import attenuation, density, energies, materials, spectrum, to_materials
from fxstudy.imaging.drr.volume import Volume

NIST = {  # cm²/g at 30, 50, 60, 80, 100 keV: Hubbell and Seltzer, NISTIR 5632, tables 3 and 4
    "water": (0.3756, 0.2269, 0.2059, 0.1837, 0.1707),
    "bone": (1.331, 0.4242, 0.3148, 0.2229, 0.1855),
    "aluminium": (1.128, 0.3681, 0.2778, 0.2018, 0.1704),
}


@pytest.mark.parametrize("material", NIST)
def test_attenuation_is_nists_within_two_percent(material):
    """Oracle: NIST's tables."""
    at = np.searchsorted(energies(), [30, 50, 60, 80, 100])
    assert np.allclose(attenuation(material)[at], NIST[material], rtol=0.02)


def test_spectra_end_at_the_tube_voltage_and_have_published_mean_energies():
    """Oracle: spekpy's mean energies for 3 mm Al and 12°, 36.8, 43.8 and 55.4 keV."""
    for kvp, mean in ((60, 36.8), (80, 43.8), (120, 55.4)):
        photons = spectrum(kvp)
        assert (photons * energies()).sum() / photons.sum() == pytest.approx(mean, abs=0.3)
        assert photons[energies() > kvp].sum() == 0 and photons[energies() < 15].sum() < 0.01 * photons.sum()


def test_voltages_between_the_tabulated_ones_lie_between_them():
    total = [spectrum(kvp).sum() for kvp in (70, 72.5, 75)]
    assert total[0] < total[1] < total[2]


def test_a_filter_hardens_the_beam():
    means = [(s * energies()).sum() / s.sum() for s in (spectrum(80), spectrum(80, extra_aluminium_mm=4))]
    assert means[1] > means[0] + 1


def test_density_is_schneiders_at_his_points():
    assert np.allclose(density(np.array([-1000, 0, 100, 1000])), [0.0012, 1.018, 1.076, 1.609], atol=0.015)


def cube(hu):
    return Volume(torch.full((2, 2, 2), float(hu)), (1.0, 1.0, 1.0))


@pytest.mark.parametrize("hu", [150, 400, 800, 1200])
def test_bone_mixtures_attenuate_at_70_kev_as_the_ct_measured(hu):
    """Oracle: the definition of the Hounsfield unit."""
    parts = to_materials(cube(hu)).values[:, 0, 0, 0].numpy()
    at = int(np.searchsorted(energies(), 70))
    mixed = sum(
        part * attenuation(name)[at] for part, name in zip(parts, ("fat", "soft", "bone"), strict=False)
    )
    assert mixed == pytest.approx((1 + hu / 1000) * attenuation("water")[at], rel=0.005)


def test_air_fat_muscle_and_metal_are_told_apart():
    names = ("fat", "soft", "bone", "titanium")
    main = {
        hu: names[int(to_materials(cube(hu)).values[:, 0, 0, 0].argmax())] for hu in (-100, 50, 1900, 3050)
    }
    assert main == {-100: "fat", 50: "soft", 1900: "bone", 3050: "titanium"}
    assert not to_materials(cube(-1000)).values.any()
    assert to_materials(cube(3050), metal=False).values[3].sum() == 0


def test_unknown_materials_and_voltages_are_refused():
    assert "soft" in materials()
    with pytest.raises(ParameterError, match="material must be one of air"):
        attenuation("cheese")
    with pytest.raises(ParameterError, match="kvp must lie between 50 and 120, not 30"):
        spectrum(30)
