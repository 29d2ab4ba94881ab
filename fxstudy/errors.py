"""Every error that fxstudy raises on purpose.

FxstudyError
├── CohortError        the tables or files of a cohort are not what they must be (lists all faults)
│   └── LeakageError   something stands on two sides of a split
├── ImageError         one image file cannot be read as a radiograph
├── ParameterError     a notebook's parameters are unknown or of the wrong type (lists all)
├── WeightsError       pretrained weights are missing or do not fit the network
├── TrainingError      a training cannot start, continue or has diverged
├── StatisticsError    a statistic is not defined for these numbers (also a ValueError)
├── PlanError          a plan of runs has mistakes (lists all)
└── RunError           a run cannot be started, or its record is not usable
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in an input.

    Attributes
    ----------
    where : str
        Table, column and row (rows counted as in the file, the header being row 1), or a file name.
    what : str
        What was found and what it must be.
    """

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class FxstudyError(Exception):
    """Base of all errors that fxstudy raises on purpose."""


class _ListedError(FxstudyError):
    """An error that names every fault at once."""

    def __init__(self, message: str, faults: Sequence[Fault] = ()):
        self.faults = tuple(faults)
        lines = [message, *(f"  {i}. {fault}" for i, fault in enumerate(self.faults, start=1))]
        super().__init__("\n".join(lines))


class CohortError(_ListedError):
    """The tables or files of a cohort are not what they must be."""


class LeakageError(CohortError):
    """A patient, an image or a copy of it stands on two sides of a split."""


class ImageError(FxstudyError):
    """A file cannot be read as a radiograph."""


class ParameterError(_ListedError):
    """Parameters of a notebook are unknown or of the wrong type."""


class WeightsError(FxstudyError):
    """Pretrained weights are missing or do not fit the network."""


class TrainingError(FxstudyError):
    """A training cannot start, cannot continue, or has diverged."""


class StatisticsError(FxstudyError, ValueError):
    """A statistic is not defined for these numbers."""


class PlanError(_ListedError):
    """A plan of runs has mistakes."""


class RunError(FxstudyError):
    """A run cannot be started, or its record is not usable."""
