"""De-identification: pseudonyms by keyed hash, an allow-list for headers, and text in the pixels."""

from fxstudy.cohort.deidentify.files import (
    DeidentificationReport,
    deidentify_folder,
    preview,
    read_crosswalk,
)
from fxstudy.cohort.deidentify.keys import Pseudonyms, read_key
from fxstudy.cohort.deidentify.labels import deidentify_table

__all__ = [
    "DeidentificationReport",
    "Pseudonyms",
    "deidentify_folder",
    "deidentify_table",
    "preview",
    "read_crosswalk",
    "read_key",
]
