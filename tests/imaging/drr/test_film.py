"""The detector's signal against the laws it must follow."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fxstudy.errors import ParameterError
from fxstudy.imaging.drr.display import Display, present
from fxstudy.imaging.drr.film import Exposure, absorbed_photons, expose
from fxstudy.imaging.drr.geometry import Camera
from fxstudy.imaging.drr.materials import attenuation, energies

CAMERA = Camera(1000, 900, 40, 40, 0.5)
PLAIN = Exposure(kvp=70, mas=5, scatter=0, focal_spot_mm=0, detector_blur_mm=0)


def water(mm):
    return torch.full((1, 1, 40, 40), float(mm))


def signal(mm, exposure=PLAIN, camera=CAMERA, **options):
    return expose(water(mm), ["water"], camera, exposure, **options)


def test_the_beam_hardens_as_the_sum_over_energies_says():
    """Oracle: the integral over the spectrum, energy by energy, in float64."""
    kev, absorbed = absorbed_photons(PLAIN)
    mu = attenuation("water")[kev.astype(int) - int(energies()[0])]
    previous = np.inf
    for mm in (10, 50, 100, 200):
        truth = np.log((absorbed * kev).sum() / (absorbed * kev * np.exp(-mu * mm / 10)).sum())
        assert float(signal(mm, step_kev=1).attenuation[0, 20, 20]) == pytest.approx(truth, rel=1e-3)
        assert float(signal(mm).attenuation[0, 20, 20]) == pytest.approx(truth, rel=5e-3)
        assert truth / mm < previous
        previous = truth / mm


def test_signal_follows_the_inverse_square_law_and_the_tube_load():
    near, far = (
        signal(0, camera=replace(CAMERA, source_detector_mm=d)).energy[0, 20, 20] for d in (1000, 2000)
    )
    assert float(near / far) == pytest.approx(4, rel=1e-4)
    assert float(signal(0, replace(PLAIN, mas=10)).energy.sum() / signal(0).energy.sum()) == pytest.approx(2)


def test_a_pixel_sees_as_many_photons_as_the_tables_say():
    """Oracle: fluence × area; 70 kVp, 5 mAs and 100 cm give 9.8e7 per cm² and mAs before absorption."""
    kev, absorbed = absorbed_photons(PLAIN)
    expected = (absorbed * kev).sum() * 5 * 0.05**2
    assert float(signal(0).energy[0, 20, 20]) == pytest.approx(expected, rel=1e-3)
    assert 0.6 * 9.8e7 < absorbed.sum() < 9.8e7


def test_noise_is_that_of_the_absorbed_quanta():
    """Oracle: variance of a sum over a Poisson number of photons, Σ N E²."""
    exposure = replace(PLAIN, electronic_noise_kev=0)
    kev, absorbed = absorbed_photons(exposure)
    mu = attenuation("water")[kev.astype(int) - int(energies()[0])]
    arriving = absorbed * np.exp(-mu * 10) * 5 * 0.05**2
    quiet = signal(100, exposure).energy
    noisy = torch.stack([signal(100, exposure, seed=s).energy for s in range(10)])
    assert float((noisy - quiet).std()) == pytest.approx(np.sqrt((arriving * kev**2).sum()), rel=0.03)
    assert float(noisy.mean() / quiet.mean()) == pytest.approx(1, abs=0.002)


def test_the_same_seed_gives_the_same_noise():
    assert torch.equal(signal(50, seed=3).energy, signal(50, seed=3).energy)
    assert not torch.equal(signal(50, seed=3).energy, signal(50, seed=4).energy)


def test_scatter_is_the_stated_share_in_the_middle_of_a_wide_field():
    camera = Camera(1000, 900, 200, 200, 2.0)
    paths = torch.full((1, 1, 200, 200), 100.0)
    without, with_ = (
        expose(paths, ["water"], camera, replace(PLAIN, scatter=s)).energy[0, 100, 100] for s in (0, 0.2)
    )
    lengths = float(expose(paths, ["water"], camera, PLAIN).attenuation[0, 100, 100])
    assert float(with_ / without) - 1 == pytest.approx(0.2 * lengths, rel=0.02)


def test_the_focal_spot_blurs_with_the_magnification():
    """Oracle: a uniform spot of width f blurs by f (M - 1) / √12 on the detector."""
    camera = Camera(1000, 500, 81, 81, 0.2)
    paths = torch.zeros(1, 1, 81, 81)
    paths[..., 41:] = 1e3
    edge = expose(paths, ["bone"], camera, replace(PLAIN, focal_spot_mm=2.0)).energy[0, 40].numpy()
    spread = np.clip(-np.diff(edge), 0, None)
    x = np.arange(80) * 0.2
    mean = (spread * x).sum() / spread.sum()
    width = np.sqrt((spread * (x - mean) ** 2).sum() / spread.sum())
    assert width == pytest.approx(2.0 / np.sqrt(12), rel=0.05)


def test_pictures_are_bright_where_bone_is_in_both_photometric_senses():
    image = np.linspace(0, 2, 100, dtype=np.float32).reshape(10, 10)
    two, one = (
        present(image, Display(compress=0, photometric=f"MONOCHROME{n}"), pixel_mm=1.0) for n in (2, 1)
    )
    assert two.dtype == np.uint16 and two[-1, -1] > two[0, 0] and np.array_equal(one, 4095 - two)
    assert present(image, Display(bits=8), pixel_mm=1.0).dtype == np.uint8


def test_wrong_settings_are_refused():
    with pytest.raises(ParameterError, match="mas must be above 0"):
        Exposure(mas=0)
    with pytest.raises(ParameterError, match="kvp must lie between"):
        Exposure(kvp=150)
    with pytest.raises(ParameterError, match=r"paths must have shape \(B, 2"):
        expose(water(1), ["water", "bone"], CAMERA, PLAIN)
    with pytest.raises(ParameterError, match="photometric must be"):
        Display(photometric="RGB")
