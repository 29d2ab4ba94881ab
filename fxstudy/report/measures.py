"""Names of measures: how they are headed, and where they are found in results."""

from collections.abc import Mapping
from typing import Any

# Measures printed as percentages, and how they are headed.
PERCENTAGES = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "prevalence": "Prevalence",
}
HEADINGS = {"auc": "AUC", "f1": "F1", "mcc": "MCC", "youden": "Youden's J", "map": "mAP", **PERCENTAGES}
MEASURES = ("sensitivity", "specificity", "ppv", "npv", "accuracy", "auc")
LONG_NAMES = {"positive predictive value": "ppv", "negative predictive value": "npv"}


def heading(measure: str) -> str:
    """Heading of a column, with its unit."""
    return f"{HEADINGS.get(measure, measure)}{' (%)' if measure in PERCENTAGES else ''}"


def find_measure(source: Any, measure: str) -> Any:
    """The Result of a measure in a mapping, an object with such an attribute, or a list of those."""
    if isinstance(source, list | tuple):
        return next((r for part in source if (r := find_measure(part, measure)) is not None), None)
    if isinstance(source, Mapping):
        return source.get(measure)
    if getattr(source, "name", "").lower() == measure:
        return source
    return getattr(source, measure, None)
