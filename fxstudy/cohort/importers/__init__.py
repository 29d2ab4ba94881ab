"""Importers: each turns files in somebody's layout into a cohort, and says what it refused and why."""

from fxstudy.cohort.importers.fracatlas import import_fracatlas
from fxstudy.cohort.importers.report import ImportReport

__all__ = ["ImportReport", "import_fracatlas"]
