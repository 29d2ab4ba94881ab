"""What is learned: networks, training, predictions."""

import warnings

with warnings.catch_warnings():  # fastai 2.8 uses deprecated parts of torch and pandas while it is imported
    warnings.filterwarnings("ignore", message=r"`torch\.jit", category=FutureWarning)
    warnings.filterwarnings("ignore", message=r"The 'mode\.chained_assignment' option")
    import fastai.basics  # noqa: F401

from fxstudy.learning.data import Example, RadiographDataset, examples_of
from fxstudy.learning.models import RadiographNetwork, build_network, count_parameters, model_names
from fxstudy.learning.predict import predict, prediction_table
from fxstudy.learning.settings import TrainingSettings
from fxstudy.learning.studies import Recipe, train_on_cohort
from fxstudy.learning.train import Trained, default_device, train
from fxstudy.learning.weights import WeightsFacts, find_weights

__all__ = [
    "Example",
    "RadiographDataset",
    "RadiographNetwork",
    "Recipe",
    "Trained",
    "TrainingSettings",
    "WeightsFacts",
    "build_network",
    "count_parameters",
    "default_device",
    "examples_of",
    "find_weights",
    "model_names",
    "predict",
    "prediction_table",
    "train",
    "train_on_cohort",
]
