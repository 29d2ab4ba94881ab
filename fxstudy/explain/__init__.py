"""Why a network said so: saliency maps and how well they agree with the annotated fracture."""

from fxstudy.explain.localisation import (
    box_mask,
    centre_map,
    localisation_scores,
    localisation_table,
    summarise_localisation,
)
from fxstudy.explain.saliency import grad_cam, grad_cams

__all__ = [
    "box_mask",
    "centre_map",
    "grad_cam",
    "grad_cams",
    "localisation_scores",
    "localisation_table",
    "summarise_localisation",
]
