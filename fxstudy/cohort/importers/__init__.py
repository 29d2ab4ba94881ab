"""Importers: each turns files in somebody's layout into a cohort, and says what it refused and why."""

from fxstudy.cohort.importers.fracatlas import import_fracatlas
from fxstudy.cohort.importers.grazpedwri import import_grazpedwri
from fxstudy.cohort.importers.hospital import import_bids, import_dicom_folder, import_table
from fxstudy.cohort.importers.mura import import_mura
from fxstudy.cohort.importers.report import ImportReport

__all__ = [
    "ImportReport",
    "import_bids",
    "import_dicom_folder",
    "import_fracatlas",
    "import_grazpedwri",
    "import_mura",
    "import_table",
]
