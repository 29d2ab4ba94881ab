"""One person's wrist."""

import numpy as np
import pytest

from fxstudy.imaging.drr.geometry import Camera
from fxstudy.imaging.phantom.wrist import Person
from fxstudy.imaging.wrist_bones import adult_bones, vary


def make_person(seed=0, **changes):
    bones = vary(adult_bones(), size=1.0, cortex=1.0, child=0.0, rng=np.random.default_rng(seed))
    facts = {"bones": bones, "size": 1.0, "habitus": 1.0, "volar_tilt": 11.0, "seed": (seed,)}
    return Person(**{**facts, **changes})


@pytest.fixture
def person():
    """A man with the average wrist of the plan, varied a little."""
    return make_person()


@pytest.fixture
def camera():
    return Camera(1000.0, 915.0, 220, 180, 0.5)
