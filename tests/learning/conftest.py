"""Data sets of the generated squares."""

import pytest

from fxstudy.learning import RadiographDataset, examples_of


@pytest.fixture
def sets(squares):
    """Training and tuning sets of the squares, new for every call."""
    table, prepared = squares

    def make(augmentation=None, seed=0):
        train = examples_of(table[:40], "fracture", augmentation=augmentation)
        return (
            RadiographDataset(train, prepared, augmentation=augmentation, seed=seed),
            RadiographDataset(examples_of(table[40:], "fracture"), prepared),
        )

    return make
