"""Small cohorts that the cohort tests make themselves."""

import hashlib

import pandas as pd
import pytest

from cohort.samples import images_table, picture_bytes
from fxstudy.cohort import Cohort


@pytest.fixture
def images() -> pd.DataFrame:
    """24 rows of 12 patients."""
    return images_table()


@pytest.fixture
def cohort_on_disk(tmp_path) -> Cohort:
    """A cohort whose 24 pictures really lie in a folder."""
    images = images_table()
    for position, row in images.iterrows():
        data = picture_bytes(position)
        path = tmp_path / "data" / row["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        images.loc[position, "sha256"] = hashlib.sha256(data).hexdigest()
    boxes = pd.DataFrame(
        {
            "image_id": ["000_0"],
            "box_id": ["b1"],
            "label": ["fracture"],
            "x_min": [2.0],
            "y_min": [3.0],
            "x_max": [10.0],
            "y_max": [12.5],
            "annotator": ["a1"],
        }
    )
    return Cohort("small", images, root=tmp_path / "data", boxes=boxes)
