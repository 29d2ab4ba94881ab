"""Line integrals through a volume from a point source: Joseph's method, slice by slice.

Along the axis that the central ray follows most closely, every slice is sampled where the rays cross it
(bilinear), and the sum is multiplied by the ray's path per slice. The places where rays cross a plane are a
homography of the detector, so that a slice costs one perspective warp: OpenCV's on the CPU, ``grid_sample``
on a GPU and wherever gradients are asked for. Both give the same numbers.

References
----------
Joseph PM. An improved algorithm for reprojecting rays through pixel images. IEEE Trans Med Imaging
1982;1(3):192-196.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

from fxstudy.errors import ParameterError
from fxstudy.imaging.drr.geometry import Camera
from fxstudy.imaging.drr.volume import Volume

_PLANE = {0: (1, 2), 1: (0, 2), 2: (0, 1)}  # (column axis, row axis) of the slices across each axis


def project(
    volume: Volume, camera: Camera, poses: torch.Tensor, *, memory_mb: float = 256, threads: int | None = None
) -> torch.Tensor:
    """Integrate a volume along the rays from the focal spot to each pixel.

    Parameters
    ----------
    volume : Volume
        Where its values are (CPU or GPU) the work is done. Outside of its grid everything is 0.
    camera : Camera
        Tube and detector.
    poses : Tensor, shape (B, 3, 4) or (3, 4)
        Patient → view coordinates, from `pose`.
    memory_mb : float
        Bound on the working memory beyond volume and result, whatever the number of poses.
    threads : int or None
        Threads of the CPU without gradients; None for all cores.

    Returns
    -------
    Tensor of float32, shape (B, C, rows, columns)
        Integrals over path length in mm. Differentiable in the volume's values and in the poses.

    Raises
    ------
    ParameterError
        Tube or detector would lie inside the patient, or the rays spread too widely.
    """
    poses = torch.as_tensor(poses, dtype=torch.float64).reshape(-1, 3, 4)
    with_gradient = torch.is_grad_enabled() and (poses.requires_grad or volume.values.requires_grad)
    by_axis: dict[int, list[int]] = {}
    for number, one in enumerate(poses.detach()):
        check_room(volume, camera, one)
        by_axis.setdefault(main_axis(volume, camera, one), []).append(number)
    images: dict[int, torch.Tensor] = {}
    for axis, numbers in by_axis.items():
        maps, lengths = homographies(volume, camera, poses[numbers], axis)
        if volume.values.is_cuda or with_gradient:
            sums = _by_sampling(volume, camera, maps, axis, memory_mb=memory_mb)
            found = sums * lengths.to(sums)[:, None]
        else:
            found = torch.from_numpy(_by_warping(volume, camera, maps, lengths, axis, threads=threads))
        images.update(zip(numbers, found, strict=True))
    if not images:
        return volume.values.new_zeros((0, len(volume.channels), camera.rows, camera.columns))
    return torch.stack([images[number] for number in range(len(poses))])


def check_room(volume: Volume, camera: Camera, one: torch.Tensor) -> None:
    """ParameterError unless everything that attenuates lies between tube and detector."""
    ranges = torch.tensor(volume.content, dtype=torch.float64)
    corners = torch.cartesian_prod(*(torch.stack([a - 0.5, b - 0.5]) for a, b in ranges))
    patient = corners @ volume.index_to_patient[:, :3].T + volume.index_to_patient[:, 3]
    z = (patient @ one[:, :3].T + one[:, 3])[:, 2]
    if z.max() >= camera.detector_z:
        raise ParameterError(
            f"the detector must lie behind the patient, not {z.max() - camera.detector_z:.0f} mm inside:"
            " raise source_detector_mm or lower source_patient_mm"
        )
    if z.min() <= -camera.source_patient_mm:
        raise ParameterError("the tube must lie in front of the patient, not inside: raise source_patient_mm")


def _index_rays(volume: Volume, camera: Camera, poses: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Focal spot (B, 3) in voxel indices, and rays (B, 3, 3): (column, row, 1) → index vector from it."""
    to_patient = volume.index_to_patient
    linear = poses[:, :, :3] @ to_patient[:, :3]
    offset = poses[:, :, :3] @ to_patient[:, 3] + poses[:, :, 3]
    back = torch.linalg.inv(linear)
    source = (back @ (camera.source - offset)[..., None])[..., 0]
    plane = camera.pixel_plane.clone()
    plane[:, 2] -= camera.source
    return source, back @ plane


def main_axis(volume: Volume, camera: Camera, one: torch.Tensor) -> int:
    """Axis (0 x, 1 y, 2 z) whose slices all rays cross most steeply."""
    _, rays = _index_rays(volume, camera, one[None])
    right, bottom = camera.columns - 1.0, camera.rows - 1.0
    corners = torch.tensor(
        [[0.0, 0.0, 1.0], [right, 0, 1], [0, bottom, 1], [right, bottom, 1]], dtype=torch.float64
    )
    directions = corners @ rays[0].T
    same_way = (directions > 0).all(dim=0) | (directions < 0).all(dim=0)
    share = (directions.abs() / directions.abs().amax(dim=1, keepdim=True)).amin(dim=0) * same_way
    if share.max() < 0.05:
        raise ParameterError(
            "the rays spread too widely for one projection: raise source_detector_mm or use fewer pixels"
        )
    return int(share.argmax())


def homographies(
    volume: Volume, camera: Camera, poses: torch.Tensor, axis: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Where rays cross the slices.

    Returns
    -------
    maps : Tensor (B, slices, 3, 3)
        (column, row, 1) of the detector → homogeneous (column, row) of each slice in ``volume.content``.
    lengths : Tensor (B, rows, columns)
        Path in mm per slice.
    """
    source, rays = _index_rays(volume, camera, poses)
    first, last = volume.content[axis]
    level = torch.arange(first, last, dtype=torch.float64)
    along = rays[:, axis]
    away = level[None, :] - source[:, axis, None]
    rows = [
        source[:, other, None, None] * along[:, None] + away[..., None] * rays[:, None, other]
        for other in _PLANE[axis]
    ]
    maps = torch.stack([*rows, along[:, None].expand(-1, len(level), -1)], dim=-2)
    column = torch.arange(camera.columns, dtype=torch.float64)
    row = torch.arange(camera.rows, dtype=torch.float64)
    steps = (
        along[:, 0, None, None] * column + along[:, 1, None, None] * row[:, None] + along[:, 2, None, None]
    )
    return maps, camera.ray_lengths() / steps.abs()


def _by_warping(
    volume: Volume,
    camera: Camera,
    maps: torch.Tensor,
    lengths: torch.Tensor,
    axis: int,
    *,
    threads: int | None,
) -> np.ndarray:
    """Sum over warped slices with OpenCV, (B, C, rows, columns), multiplied by the path per slice."""
    stacks, (first, last) = volume.stacked_along(axis), volume.content[axis]
    maps, lengths = maps.detach().numpy(), lengths.detach().numpy().astype(np.float32)
    size = (camera.columns, camera.rows)
    out = np.zeros((len(maps), len(stacks), camera.rows, camera.columns), np.float32)
    threads = threads or os.cpu_count() or 1
    parts = [
        (b, part)
        for b in range(len(maps))
        for part in np.array_split(np.arange(last - first), _pieces(maps, threads))
    ]

    def accumulate(job: tuple[int, np.ndarray]) -> tuple[int, np.ndarray]:
        number, levels = job
        total, warped = np.zeros(out.shape[1:], np.float32), np.empty(size[::-1], np.float32)
        for level in levels:
            for channel, stack in enumerate(stacks):
                cv2.warpPerspective(
                    stack[first + level], maps[number, level], size, dst=warped,
                    flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_CONSTANT,
                )  # fmt: skip
                cv2.add(total[channel], warped, dst=total[channel])
        return number, total

    if threads == 1:
        done = map(accumulate, parts)
    else:
        with ThreadPoolExecutor(threads) as pool:
            done = list(pool.map(accumulate, parts))
    for number, total in done:
        out[number] += total
    return out * lengths[:, None]


def _pieces(maps: np.ndarray, threads: int) -> int:
    return max(1, min(threads, maps.shape[1])) if len(maps) < 2 * threads else 1


def _by_sampling(
    volume: Volume, camera: Camera, maps: torch.Tensor, axis: int, *, memory_mb: float
) -> torch.Tensor:
    """Sum over sampled slices with torch, (B, C, rows, columns)."""
    order = {0: (0, 3, 1, 2), 1: (0, 2, 1, 3), 2: (0, 1, 2, 3)}[axis]
    first, last = volume.content[axis]
    slices = volume.channels.permute(order)[:, first:last]
    pixels = camera.rows * camera.columns
    limit = max(int(memory_mb * 2**20 / (4 * pixels * (8 + 2 * len(slices)))), 1)
    images = []
    for some in maps.split(limit):
        slab = max(limit // len(some), 1)
        total = slices.new_zeros((len(slices), len(some) * camera.rows, camera.columns))
        for start in range(0, slices.shape[1], slab):
            part = (
                slices[:, start : start + slab],
                some[:, start : start + slab],
                camera.rows,
                camera.columns,
            )
            if torch.is_grad_enabled() and (slices.requires_grad or maps.requires_grad):
                total = total + checkpoint(_sample, *part, use_reentrant=False)
            else:
                total += _sample(*part)
        images.append(total.reshape(len(slices), len(some), camera.rows, camera.columns).transpose(0, 1))
    return torch.cat(images)


def _sample(slices: torch.Tensor, maps: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """Sum of slices (C, S, h, w) at the places that maps (B, S, 3, 3) give: (C, B * rows, columns)."""
    device, (height, width) = slices.device, slices.shape[-2:]
    column = torch.arange(columns, device=device, dtype=torch.float32)
    row = torch.arange(rows, device=device, dtype=torch.float32)[:, None]
    scale = maps[..., 2, :].detach().abs().amax(dim=-1, keepdim=True)[..., None]
    m = (maps / scale).to(device=device, dtype=torch.float32).transpose(0, 1)[..., None, None]
    x, y, w = (m[:, :, i, 0] * column + m[:, :, i, 1] * row + m[:, :, i, 2] for i in range(3))
    grid = torch.stack([(2 * x / w + 1) / width - 1, (2 * y / w + 1) / height - 1], dim=-1)
    grid = grid.reshape(len(m), -1, columns, 2)
    sampled = F.grid_sample(slices.transpose(0, 1), grid, padding_mode="zeros", align_corners=False)
    return sampled.sum(dim=0)
