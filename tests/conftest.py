"""Fixtures that several rooms share."""

import os
from pathlib import Path

import pytest

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
