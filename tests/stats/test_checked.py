"""The list of references is true: functions and tests exist, and each test names its oracle."""

import fxstudy.stats
from fxstudy.stats import checked_against


def test_every_row_points_to_a_function_and_a_test(repository):
    table = checked_against()
    for row in table.itertuples():
        assert all(hasattr(fxstudy.stats, name) for name in row.functions.split()), row.method
        text = (repository / row.test).read_text()
        assert "Oracle:" in text, row.test
        first = row[3].split(",")[0].split(" ")[0]
        assert first in text, (row.test, first)
