"""Training on a cohort: one recipe in, one network out, found again when nothing has changed."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from fxstudy.cohort import Cohort, check_leakage
from fxstudy.imaging.augment import Augmentation, apply
from fxstudy.imaging.cache import PreparedImages
from fxstudy.imaging.fingerprint import source_digest
from fxstudy.learning.data import RadiographDataset, examples_of
from fxstudy.learning.models import build_network
from fxstudy.learning.settings import TrainingSettings
from fxstudy.learning.train import Trained, train
from fxstudy.sources import digest_sources

# the modules of this room whose code decides what a network learns
_DECISIVE = ("bookkeeping", "data", "models", "settings", "train", "weights")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides a trained network, the images aside.

    Attributes
    ----------
    network, weights : str
        timm's name, and what it starts from; see :func:`fxstudy.learning.build_network`.
    settings : TrainingSettings
        Optimiser, schedule, epochs, seed.
    augmentation : Augmentation
        Chance variations of the training images and the fixed extra copies.
    positive : str
        Label of the positive class.
    """

    network: str
    weights: str
    settings: TrainingSettings
    augmentation: Augmentation
    positive: str = "fracture"


def train_on_cohort(cohort: Cohort, prepared: PreparedImages, recipe: Recipe, *, store: Path) -> Trained:
    """Train on the rows of split ``train``, tune on those of split ``tune``.

    The folder of the training is named by everything that decides its result (recipe, images, labels, split,
    code), so a second call finds the finished network or goes on with an interrupted one.

    Parameters
    ----------
    cohort : Cohort
        With a stored split; checked for leakage first.
    prepared : PreparedImages
        Prepared images of the cohort.
    recipe : Recipe
        What to train, and how.
    store : Path
        Folder that holds trainings.

    Raises
    ------
    LeakageError
        Something stands on two sides of the split.
    """
    check_leakage(cohort)
    network = build_network(recipe.network, weights=recipe.weights, seed=recipe.settings.seed)
    key = training_key(cohort, prepared, recipe, network.facts)
    sets = {split: cohort.images[cohort.images["split"] == split] for split in ("train", "tune")}
    train_set = RadiographDataset(
        examples_of(sets["train"], recipe.positive, augmentation=recipe.augmentation),
        prepared,
        augmentation=recipe.augmentation,
        seed=recipe.settings.seed,
    )
    tune_set = RadiographDataset(examples_of(sets["tune"], recipe.positive), prepared)
    name = f"{recipe.network}-seed{recipe.settings.seed}"
    return train(
        network, train_set, tune_set, recipe.settings, folder=Path(store) / f"{name}-{key[:12]}", label=name
    )


def training_key(cohort: Cohort, prepared: PreparedImages, recipe: Recipe, facts: object) -> str:
    """Digest of everything that decides a trained network."""
    used = cohort.images[cohort.images["split"].isin(["train", "tune"])]
    decisive = [Path(__file__).with_name(f"{module}.py") for module in _DECISIVE]
    parts = {
        "recipe": asdict(recipe) | {"weights": None},
        "start": asdict(facts),
        "preparation": prepared.folder.name,
        "images": _digest_rows(used[["image_id", "sha256", "label", "split"]]),
        "sources": [digest_sources(decisive), source_digest(apply)],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _digest_rows(table: pd.DataFrame) -> str:
    return hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()
