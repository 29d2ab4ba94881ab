"""The error of this room."""

from fxstudy.errors import FxstudyError


class ReportError(FxstudyError, ValueError):
    """A figure, a table or a page cannot be made from what was given."""
