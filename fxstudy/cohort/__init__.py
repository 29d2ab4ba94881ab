"""Who is in the study: cohorts of radiographs, read, checked, split and looked through for shortcuts."""

from fxstudy.cohort.audit import Audit, Finding, audit
from fxstudy.cohort.checks import looks_like_identifier
from fxstudy.cohort.confounders import (
    columns_auc,
    columns_auc_split,
    shortcut_columns,
    shortcut_table,
    thumbnail_auc,
    usable_columns,
)
from fxstudy.cohort.duplicates import byte_duplicates, near_duplicates, near_duplicates_of
from fxstudy.cohort.flow import participant_flow
from fxstudy.cohort.importers import (
    ImportReport,
    import_bids,
    import_dicom_folder,
    import_fracatlas,
    import_grazpedwri,
    import_mura,
    import_table,
)
from fxstudy.cohort.leakage import check_leakage
from fxstudy.cohort.manifest import Cohort, find_cohort, read_cohort, validate, write_cohort
from fxstudy.cohort.pixels import Radiograph, read_image
from fxstudy.cohort.schema import datapackage, validate_images, validate_table
from fxstudy.cohort.split_rule import apply_split
from fxstudy.cohort.splits import (
    DEFAULT_FRACTIONS,
    assign,
    split_by_group,
    split_from_list,
    split_temporal,
)

__all__ = [
    "Audit",
    "Cohort",
    "Finding",
    "DEFAULT_FRACTIONS",
    "ImportReport",
    "Radiograph",
    "apply_split",
    "assign",
    "audit",
    "byte_duplicates",
    "check_leakage",
    "columns_auc",
    "columns_auc_split",
    "datapackage",
    "find_cohort",
    "import_bids",
    "import_dicom_folder",
    "import_fracatlas",
    "import_grazpedwri",
    "import_mura",
    "import_table",
    "looks_like_identifier",
    "near_duplicates",
    "near_duplicates_of",
    "participant_flow",
    "read_cohort",
    "read_image",
    "shortcut_columns",
    "shortcut_table",
    "split_by_group",
    "split_from_list",
    "split_temporal",
    "thumbnail_auc",
    "usable_columns",
    "validate",
    "validate_images",
    "validate_table",
    "write_cohort",
]
