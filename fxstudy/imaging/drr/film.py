"""From path lengths to the detector's signal: photons, scatter, blur and noise.

Left out: the heel effect, off-focal radiation, the spectrum of scatter, glare, lag, the structure of
scintillator and grid, and the correlation of noise between pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from fxstudy.errors import ParameterError
from fxstudy.imaging.drr.geometry import Camera
from fxstudy.imaging.drr.materials import attenuation, energies, spectrum

_CSI_DENSITY = 4.51 * 0.8  # g/cm³, columns packed to 80 %


@dataclass(frozen=True)
class Exposure:
    """Technique and detector, in a radiographer's units.

    Parameters
    ----------
    kvp, mas : float
        Tube voltage in kV, and tube current × time in mAs.
    extra_aluminium_mm : float
        Filter in addition to the tube's 3 mm.
    focal_spot_mm : float
        Width of the focal spot.
    scintillator_mm : float
        Thickness of the caesium iodide.
    detector_blur_mm : float
        Standard deviation of the detector's blur.
    scatter : float
        Scattered signal per primary signal and per attenuation length, in a field much wider than
        ``scatter_width_mm``, behind the grid: about 0.15 for a wrist without a grid or a hip with one.
    scatter_width_mm : float
        Standard deviation of the spread of scatter on the detector.
    electronic_noise_kev : float
        Standard deviation per pixel, as absorbed energy.
    """

    kvp: float = 60.0
    mas: float = 4.0
    extra_aluminium_mm: float = 0.0
    focal_spot_mm: float = 0.6
    scintillator_mm: float = 0.5
    detector_blur_mm: float = 0.1
    scatter: float = 0.15
    scatter_width_mm: float = 25.0
    electronic_noise_kev: float = 500.0

    def __post_init__(self) -> None:
        spectrum(self.kvp)
        for name in ("mas", "scintillator_mm", "scatter_width_mm"):
            if not getattr(self, name) > 0:
                raise ParameterError(f"{name} must be above 0, not {getattr(self, name)}")
        for name in (
            "extra_aluminium_mm",
            "focal_spot_mm",
            "detector_blur_mm",
            "scatter",
            "electronic_noise_kev",
        ):
            if not getattr(self, name) >= 0:
                raise ParameterError(f"{name} must be at least 0, not {getattr(self, name)}")


@dataclass(frozen=True)
class Signal:
    """What a detector measured.

    Attributes
    ----------
    energy : Tensor (B, rows, columns)
        Absorbed energy in keV per pixel.
    air : Tensor (rows, columns)
        Absorbed energy with nothing in the beam (the flat field).
    """

    energy: torch.Tensor
    air: torch.Tensor

    @property
    def attenuation(self) -> torch.Tensor:
        """Flat-field corrected negative logarithm, the signal "for processing"."""
        return torch.log(self.air / self.energy)


def expose(
    paths: torch.Tensor,
    names: Sequence[str],
    camera: Camera,
    exposure: Exposure,
    *,
    seed: int | None = None,
    step_kev: int = 3,
) -> Signal:
    """Signal of the detector behind a patient.

    Parameters
    ----------
    paths : Tensor, shape (B, C, rows, columns)
        Integrals of density along the rays in g/cm³ · mm, as `project` gives them for densities.
    names : sequence of C str
        Material of each channel.
    camera : Camera
        Distances and pixel size: inverse square law, blur of the focal spot (for the patient's centre).
    exposure : Exposure
        Technique and detector.
    seed : int or None
        Seed of the noise; None for the expected signal.
    step_kev : int
        Width of the energy bins.
    """
    if paths.ndim != 4 or paths.shape[1] != len(names):
        raise ParameterError(
            f"paths must have shape (B, {len(names)}, rows, columns), not {tuple(paths.shape)}"
        )
    kev, absorbed = absorbed_photons(exposure, step_kev)
    at = kev.astype(int) - int(energies()[0])
    coefficients = np.stack([attenuation(name)[at] for name in names]) / 10
    weights = np.stack([absorbed * kev, absorbed * kev**2], axis=1)
    primary, variance = _transmit(paths, coefficients, weights)
    air = float(weights[:, 0].sum())
    total = _blur(primary + _scattered(primary, air, camera, exposure), _blur_pixels(camera, exposure))
    variance = variance * (total / primary.clamp_min(1e-12)).clamp_max(1e3)
    arriving = photons_per_area(camera, exposure).to(paths)
    total, variance = total * arriving, variance * arriving
    if seed is not None:
        generator = torch.Generator().manual_seed(seed)
        grain = torch.randn(total.shape, generator=generator).to(total)
        total = total + grain * torch.sqrt(variance + exposure.electronic_noise_kev**2)
    return Signal(total.clamp_min(1.0), air * arriving)


def absorbed_photons(exposure: Exposure, step_kev: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Energies (keV) and photons per cm² and mAs at 100 cm that a bare detector absorbs, per energy bin."""
    photons = spectrum(exposure.kvp, extra_aluminium_mm=exposure.extra_aluminium_mm)
    stopped = -np.expm1(-attenuation("caesium_iodide") * _CSI_DENSITY * exposure.scintillator_mm / 10)
    absorbed, kev = photons * stopped, energies()
    groups = (np.arange(len(kev)) // step_kev).astype(int)
    total = np.bincount(groups, absorbed)
    mean = np.bincount(groups, absorbed * kev) / np.maximum(total, 1e-30)
    kept = total > 1e-6 * total.max()
    return np.rint(mean[kept]), total[kept]


def photons_per_area(camera: Camera, exposure: Exposure) -> torch.Tensor:
    """mAs × area (cm²) × inverse square × obliquity per pixel, shape (rows, columns)."""
    distance = camera.ray_lengths()
    area = (camera.pixel_mm / 10) ** 2 * camera.source_detector_mm / distance
    return (exposure.mas * area * (1000.0 / distance) ** 2).to(torch.float32)


def _transmit(
    paths: torch.Tensor, coefficients: np.ndarray, weights: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sum over energies of weight × exp(-attenuation), for both columns of weights."""
    minus = torch.as_tensor(-coefficients, dtype=torch.float32).to(paths)
    weights_ = torch.as_tensor(weights, dtype=torch.float32).to(paths)
    flat = paths.permute(0, 2, 3, 1).reshape(-1, paths.shape[1])
    parts = [torch.exp(part @ minus) @ weights_ for part in flat.split(1 << 17)]
    both = torch.cat(parts).reshape(len(paths), *paths.shape[2:], 2)
    return both[..., 0], both[..., 1]


def _scattered(primary: torch.Tensor, air: float, camera: Camera, exposure: Exposure) -> torch.Tensor:
    """Scatter as a blurred copy of primary × attenuation.

    References
    ----------
    Ohnesorge B, Flohr T, Klingenbeck-Regn K. Efficient object scatter correction algorithm for third and
    fourth generation CT scanners. Eur Radiol 1999;9:563-569.
    """
    if exposure.scatter == 0:
        return torch.zeros_like(primary)
    source = exposure.scatter * primary * torch.log(air / primary.clamp_min(1e-12 * air)).clamp_min(0)
    step = max(int(exposure.scatter_width_mm / camera.pixel_mm / 4), 1)
    small = F.avg_pool2d(source[:, None], step, ceil_mode=True, count_include_pad=False)
    small = _blur(small[:, 0], exposure.scatter_width_mm / camera.pixel_mm / step, edge="constant")
    wide = F.interpolate(small[:, None], scale_factor=step, mode="bilinear", align_corners=False)[:, 0]
    return wide[:, : primary.shape[1], : primary.shape[2]]


def _blur_pixels(camera: Camera, exposure: Exposure) -> float:
    """Standard deviation in pixels of focal spot (a uniform square, at the patient's centre) and detector."""
    spot = exposure.focal_spot_mm * (camera.magnification - 1) / np.sqrt(12)
    return float(np.hypot(spot, exposure.detector_blur_mm) / camera.pixel_mm)


def _blur(image: torch.Tensor, sigma: float, *, edge: str = "replicate") -> torch.Tensor:
    """Gaussian blur of (B, rows, columns) with a standard deviation in pixels."""
    radius = int(np.ceil(3.5 * sigma))
    if sigma < 0.05 or radius < 1:
        return image
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = (kernel / kernel.sum()).to(image)
    out = image[:, None]
    out = F.conv2d(F.pad(out, (radius, radius, 0, 0), mode=edge), kernel[None, None, None, :])
    return F.conv2d(F.pad(out, (0, 0, radius, radius), mode=edge), kernel[None, None, :, None])[:, 0]
