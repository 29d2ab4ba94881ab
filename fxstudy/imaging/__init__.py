"""What the image is: preparation, cache, augmentation and the synthetic cohort."""

from fxstudy.imaging.augment import (
    Augmentation,
    Drawn,
    ExtraCopy,
    apply,
    apply_to_boxes,
    augmentation_recipe,
    plain,
    training_items,
    wrist_delong_paper,
)
from fxstudy.imaging.cache import PreparedImages
from fxstudy.imaging.embedded import open_cohort
from fxstudy.imaging.prepare import Placement, Preparation, placement, prepare, prepare_boxes, restore_boxes
from fxstudy.imaging.synthetic import read_description, synthesize_wrists

__all__ = [
    "Augmentation",
    "Drawn",
    "ExtraCopy",
    "Placement",
    "Preparation",
    "PreparedImages",
    "apply",
    "apply_to_boxes",
    "augmentation_recipe",
    "open_cohort",
    "placement",
    "plain",
    "prepare",
    "prepare_boxes",
    "read_description",
    "restore_boxes",
    "synthesize_wrists",
    "training_items",
    "wrist_delong_paper",
]
