"""A handful of films on disk, as a cohort."""

import hashlib

import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from fxstudy.cohort import Cohort


@pytest.fixture
def films(tmp_path):
    """A cohort of six random PNG films of unequal size, with one box each."""
    rng = np.random.default_rng(0)
    rows, boxes = [], []
    for i in range(6):
        height, width = (int(side) for side in rng.integers(40, 90, 2))
        path = tmp_path / "films" / f"f{i}.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), rng.integers(0, 256, (height, width), dtype=np.uint8))
        rows.append(
            {
                "image_id": f"f{i}",
                "path": path.name,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "patient_id": f"p{i}",
                "modality": "DX",
                "rows": height,
                "columns": width,
                "label": ("none", "fracture")[i % 2],
            }
        )
        box = {"x_min": 10.0, "y_min": 12.0, "x_max": 30.0, "y_max": 25.0}
        boxes.append({"image_id": f"f{i}", "box_id": f"b{i}", "label": "fracture", **box})
    return Cohort(name="films", root=tmp_path / "films", images=pd.DataFrame(rows), boxes=pd.DataFrame(boxes))


@pytest.fixture(autouse=True, scope="session")
def one_thread_of_torch():
    """Many threads on small pictures only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
