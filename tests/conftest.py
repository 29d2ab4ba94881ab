"""Fixtures that several rooms share."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

# the same examples on every machine and in every run; HYPOTHESIS_PROFILE=default looks for new ones
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real test data beside the checkout; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("FXSTUDY_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no folder with real test data (FXSTUDY_TEST_DATA)")
    return folder


@pytest.fixture(scope="session")
def squares() -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Images table (60 rows, every third a fracture: a bright square) and prepared images (48 × 40)."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"image_id": [f"i{k:02d}" for k in range(60)]})
    table["label"] = ["fracture" if k % 3 == 0 else "none" for k in range(60)]
    prepared = {}
    for image_id, label in table.itertuples(index=False):
        image = rng.integers(0, 100, (48, 40)).astype(np.uint8)
        if label == "fracture":
            image[12:28, 12:28] += 110
        prepared[image_id] = image
    return table, prepared
