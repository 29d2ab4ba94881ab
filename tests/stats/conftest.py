"""Data that several statistics are checked on."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def reference(shared_data):
    """Folder with the reference programs' data and results."""
    return shared_data / "reference"


@pytest.fixture(scope="session")
def asah(reference) -> pd.DataFrame:
    """113 patients with aneurysmal subarachnoid haemorrhage, as in pROC's examples."""
    return pd.read_csv(reference / "asah.csv")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20210707)
