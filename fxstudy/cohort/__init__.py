"""Who is in the study: cohorts of radiographs, read, checked, split and looked through for shortcuts."""

from fxstudy.cohort.agreement import Agreement, box_agreement, label_agreement
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
from fxstudy.cohort.folds import (
    Fold,
    compare_with_published,
    fold_numbers,
    leave_one_site_out,
    nested_folds,
    split_by_site,
)
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
    "Agreement",
    "Audit",
    "Cohort",
    "DEFAULT_FRACTIONS",
    "Finding",
    "Fold",
    "ImportReport",
    "Radiograph",
    "apply_split",
    "assign",
    "audit",
    "box_agreement",
    "byte_duplicates",
    "check_leakage",
    "columns_auc",
    "columns_auc_split",
    "compare_with_published",
    "datapackage",
    "find_cohort",
    "fold_numbers",
    "import_bids",
    "import_dicom_folder",
    "import_fracatlas",
    "import_grazpedwri",
    "import_mura",
    "import_table",
    "label_agreement",
    "leave_one_site_out",
    "looks_like_identifier",
    "near_duplicates",
    "near_duplicates_of",
    "nested_folds",
    "participant_flow",
    "read_cohort",
    "read_image",
    "shortcut_columns",
    "shortcut_table",
    "split_by_group",
    "split_by_site",
    "split_from_list",
    "split_temporal",
    "thumbnail_auc",
    "usable_columns",
    "validate",
    "validate_images",
    "validate_table",
    "write_cohort",
]
