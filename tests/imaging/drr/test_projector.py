"""The projector against closed forms, against ray marching, and CPU warping against torch sampling."""

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from fxstudy.errors import ImageError, ParameterError
from fxstudy.imaging.drr.geometry import Camera, pose
from fxstudy.imaging.drr.projector import main_axis, project
from fxstudy.imaging.drr.volume import Volume

CAMERA = Camera(1000, 850, 61, 71, 2.0)


def grid(size=97, spacing=1.0):
    half = (size - 1) / 2 * spacing
    axis = np.arange(size) * spacing - half
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    return x, y, z, (-half, -half, -half)


def soft(signed_distance, spacing=1.0):
    """Share of a voxel inside a surface: 1 within, 0 outside, partial at the border."""
    return np.clip(0.5 - signed_distance / spacing, 0, 1).astype(np.float32)


def solid(kind):
    x, y, z, origin = grid()
    if kind == "ball":
        values = soft(np.sqrt(x**2 + y**2 + z**2) - 35)
    elif kind == "cylinder":
        values = soft(np.maximum(np.sqrt(x**2 + y**2) - 30, np.abs(z) - 40))
    else:
        values = soft(np.abs(y) - 20)
    return Volume(torch.from_numpy(values), (1.0, 1.0, 1.0), origin)


def rays(camera, one):
    """Focal spot and unit directions in patient coordinates."""
    u, v = np.meshgrid(np.arange(camera.columns), np.arange(camera.rows))
    view = np.stack([u, v, np.ones_like(u)], -1) @ camera.pixel_plane.numpy().T
    back, offset = np.linalg.inv(one[:, :3].numpy()), one[:, 3].numpy()
    source = back @ (camera.source.numpy() - offset)
    ends = (view - offset) @ back.T
    away = ends - source
    return source, away / np.linalg.norm(away, axis=-1, keepdims=True)


def chord_of_ball(source, d, radius):
    closest = -(d @ source)
    square = source @ source - closest**2
    return 2 * np.sqrt(np.clip(radius**2 - square, 0, None))


def chord_of_cylinder(source, d, radius, half):
    a = d[..., 0] ** 2 + d[..., 1] ** 2
    b = d[..., 0] * source[0] + d[..., 1] * source[1]
    c = source[0] ** 2 + source[1] ** 2 - radius**2
    root = np.sqrt(np.clip(b**2 - a * c, 0, None))
    near, far = (-b - root) / a, (-b + root) / a
    ends = np.stack([(s * half - source[2]) / np.where(d[..., 2] == 0, 1e-12, d[..., 2]) for s in (-1, 1)])
    chord = np.clip(np.minimum(far, ends.max(0)) - np.maximum(near, ends.min(0)), 0, None) * (b**2 > a * c)
    heights = np.abs(source[2] + d[..., 2] * np.stack([near, far]))
    return chord, np.all((heights < half - 4) | (heights > half + 4), axis=0)


TURNS = [(0, 0, 0), (90, 0, 0), (180, 0, 10), (30, 12, -20), (45, 0, 0), (-60, -15, 5)]


@pytest.mark.parametrize("turns", TURNS)
def test_a_ball_is_its_chord_within_half_a_percent(turns):
    """Oracle: 2 √(r² − d²)."""
    one = pose(*turns)
    image = project(solid("ball"), CAMERA, one)[0, 0].numpy()
    source, directions = rays(CAMERA, one[0])
    truth = chord_of_ball(source, directions, 35.0)
    inner, outer = truth > 60, truth > 35  # nearer to the border, voxels of 1 mm blur the steep chord
    assert inner.sum() > 300
    assert np.abs(image / np.where(inner, truth, 1) - 1)[inner].max() < 0.005
    assert np.abs(image - truth)[outer].max() < 0.005 * 70
    assert image.sum() == pytest.approx(truth.sum(), rel=0.002)


@pytest.mark.parametrize("turns", TURNS)
def test_a_cylinder_is_its_chord_within_half_a_percent(turns):
    """Oracle: the ray's path in an infinite cylinder, cut at both ends; rays through the rims left out."""
    one = pose(*turns)
    image = project(solid("cylinder"), CAMERA, one)[0, 0].numpy()
    source, directions = rays(CAMERA, one[0])
    truth, away_from_rim = chord_of_cylinder(source, directions, 30.0, 40.0)
    plain = (truth > 40) & away_from_rim
    assert plain.sum() > 300
    assert np.abs(image - truth)[plain].max() < 0.005 * 60


@pytest.mark.parametrize("tilt", [0, 10, 20])
def test_a_slab_is_its_thickness_over_the_cosine(tilt):
    camera = Camera(1000, 850, 21, 21, 1.0)
    one = pose(0, tilt)
    image = project(solid("slab"), camera, one)[0, 0].numpy()
    _, directions = rays(camera, one[0])
    assert np.allclose(image, 40 / np.abs(directions[..., 1]), rtol=0.005)


def march(volume, camera, one, step=0.1):
    """Independent oracle: trilinear samples every 0.1 mm along each ray, in float64."""
    source, directions = rays(camera, one)
    values = volume.values.numpy().astype(np.float64)
    s = np.arange(700, 1000, step)
    points = source + directions[..., None, :] * s[:, None]
    index = (points - volume.origin_mm) / volume.spacing_mm
    return (
        map_coordinates(values, np.moveaxis(index[..., ::-1], -1, 0), order=1, mode="constant").sum(-1) * step
    )


@pytest.mark.parametrize("turns", [(0, 0, 0), (40, 10, 5), (-75, 0, 0)])
def test_agrees_with_fine_ray_marching_on_uneven_voxels(turns):
    rng = np.random.default_rng(0)
    values = np.zeros((30, 34, 38), np.float32)
    values[4:-4, 4:-4, 4:-4] = rng.random((22, 26, 30), dtype=np.float32)
    values = torch.from_numpy(values)
    smooth = torch.nn.functional.avg_pool3d(values[None], 3, 1, 1)[0]
    volume = Volume(smooth, (1.5, 1.0, 2.0), (-27.0, -17.0, -30.0))
    camera = Camera(1000, 850, 25, 27, 3.0)
    one = pose(*turns)
    image = project(volume, camera, one)[0, 0].numpy()
    truth = march(volume, camera, one[0])
    assert np.linalg.norm(image - truth) < 0.02 * np.linalg.norm(truth)


def test_torch_and_warping_give_the_same_numbers():
    volume = Volume(
        torch.rand(2, 20, 24, 28, generator=torch.Generator().manual_seed(0)), (1.0, 1.2, 0.8), (-14, -14, -8)
    )
    poses = pose([0.0, 30.0, 80.0, 170.0], [0.0, 10.0, -20.0, 5.0], [0.0, 5.0, 0.0, 90.0])
    warped = project(volume, CAMERA, poses)
    sampled = project(volume, CAMERA, poses.clone().requires_grad_())
    assert warped.shape == (4, 2, 61, 71)
    assert torch.allclose(warped, sampled.detach(), atol=2e-3 * float(warped.max()))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_same_numbers():
    volume, poses = solid("ball"), pose([0.0, 35.0], [0.0, 10.0])
    there = project(volume.to("cuda"), CAMERA, poses).cpu()
    assert torch.allclose(there, project(volume, CAMERA, poses), atol=0.02)


def test_a_batch_is_the_same_as_one_at_a_time_whatever_the_memory_and_threads():
    volume = solid("cylinder")
    turns = [0.0, 20.0, 50.0, 88.0, 120.0]
    batch = project(volume, CAMERA, pose(turns), threads=2)
    single = torch.cat([project(volume, CAMERA, pose(turn), threads=1) for turn in turns])
    assert torch.allclose(batch, single, atol=1e-3)
    poses = pose(turns).requires_grad_()
    small, large = (project(volume, CAMERA, poses, memory_mb=mb).detach() for mb in (0.5, 64))
    assert torch.allclose(small, large, atol=1e-3)


def test_gradients_agree_with_finite_differences():
    volume = solid("ball")
    weights = torch.rand(1, 1, 61, 71, generator=torch.Generator().manual_seed(1))

    def score(angle, shift):
        return (project(volume, CAMERA, pose(0.0, angle, shift_mm=shift)) * weights).sum()

    angle = torch.tensor(7.0, dtype=torch.float64, requires_grad=True)
    shift = torch.tensor([4.0, -6.0, 10.0], dtype=torch.float64, requires_grad=True)
    score(angle, shift).backward()
    for i in range(3):
        step = torch.zeros(3, dtype=torch.float64)
        step[i] = 0.5
        with torch.no_grad():
            slope = (score(angle, shift + step) - score(angle, shift - step)) / 1.0
        assert shift.grad[i].item() == pytest.approx(slope.item(), rel=0.08, abs=30)


def test_the_gradient_of_the_volume_is_the_back_projection():
    """Oracle: the projector is linear, so <P v, w> = <v, Pᵀ w> for any v."""
    values = torch.rand(12, 12, 12, requires_grad=True)
    volume = Volume(values, (4.0, 4.0, 4.0), (-22.0, -22.0, -22.0))
    image = project(volume, CAMERA, pose(20.0))
    weights = torch.rand_like(image)
    (image * weights).sum().backward()
    assert (values.grad * values.detach()).sum().item() == pytest.approx(
        (image.detach() * weights).sum().item(), rel=1e-3
    )


@pytest.mark.parametrize("depth", [-100.0, 0.0, 120.0])
def test_magnification_is_the_ratio_of_distances(depth):
    """Oracle: a small ball at distance s from the focal spot appears SID / s larger and further out."""
    x, y, z, origin = grid(41)
    ball = Volume(torch.from_numpy(soft(np.sqrt(x**2 + y**2 + z**2) - 8)), (1.0, 1.0, 1.0), origin)
    camera = Camera(1000, 850, 201, 201, 0.5)
    image = project(ball, camera, pose(shift_mm=(20.0, -12.0, depth)))[0, 0].numpy()
    scale = 1000 / (850 + depth)
    total = image.sum()
    column, row = (image.sum(axis) @ (np.arange(201) + 0.5) / total for axis in (0, 1))
    assert (column - 100.5) * 0.5 == pytest.approx(20 * scale, abs=0.15)
    assert (row - 100.5) * 0.5 == pytest.approx(-12 * scale, abs=0.15)
    assert total * 0.25 == pytest.approx(4 / 3 * np.pi * 8**3 * scale**2, rel=0.01)


def test_the_film_shows_head_up_and_the_patients_left_on_the_right():
    values = torch.zeros(21, 21, 21)
    values[17, 10, 10] = 1  # towards the head
    values[10, 10, 16] = 2  # towards the patient's left
    volume = Volume(values, (2.0, 2.0, 2.0), (-20.0, -20.0, -20.0))
    image = project(volume, CAMERA, pose())[0, 0].numpy()
    assert image[:26].sum() > 0 and image[36:].sum() == 0
    assert image[:, 40:].sum() > 0 and image[:, :30].sum() == 0
    back = project(volume, CAMERA, pose(180.0))[0, 0].numpy()
    assert back[:, :30].sum() > 0 and back[:26].sum() > 0


def test_points_and_volumes_land_in_the_same_place():
    values = torch.zeros(21, 21, 21)
    values[15, 4, 12] = 1
    volume = Volume(values, (2.0, 2.0, 2.0), (-20.0, -20.0, -20.0))
    one = pose(25.0, 10.0, -15.0, shift_mm=(3.0, 4.0, 5.0))
    image = project(volume, CAMERA, one)[0, 0].numpy()
    point = torch.tensor([12 * 2 - 20.0, 4 * 2 - 20.0, 15 * 2 - 20.0], dtype=torch.float64)
    column, row = CAMERA.to_pixels(one[0, :, :3] @ point + one[0, :, 3])
    assert image.sum(0) @ (np.arange(71) + 0.5) / image.sum() == pytest.approx(float(column), abs=0.3)
    assert image.sum(1) @ (np.arange(61) + 0.5) / image.sum() == pytest.approx(float(row), abs=0.3)


def test_slices_follow_the_beam():
    volume = solid("ball")
    assert [main_axis(volume, CAMERA, pose(turn)[0]) for turn in (0.0, 40.0, 60.0, 90.0)] == [1, 1, 0, 0]
    assert main_axis(volume, CAMERA, pose(0.0, 80.0)[0]) == 2


def test_impossible_geometry_is_refused():
    with pytest.raises(ParameterError, match="detector must lie behind the patient, not 10 mm inside"):
        project(solid("slab"), CAMERA, pose(shift_mm=(0, 0, 139.5)))
    with pytest.raises(ParameterError, match="tube must lie in front"):
        project(solid("slab"), CAMERA, pose(shift_mm=(0, 0, -840.0)))
    with pytest.raises(ParameterError, match="source_patient_mm must be above 0 and not above"):
        Camera(1000, 1200, 10, 10, 1.0)
    with pytest.raises(ImageError, match="must have shape"):
        Volume(torch.zeros(3, 3), (1, 1, 1))


def test_an_empty_volume_gives_an_empty_film():
    assert not project(Volume(torch.zeros(5, 5, 5), (1, 1, 1)), CAMERA, pose()).any()
