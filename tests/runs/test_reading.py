"""Runs are read back: state, table, predictions."""

import pandas as pd
import pytest

from fxstudy.errors import RunError
from fxstudy.runs import collect, find_run, load_predictions, run_plan, status
from fxstudy.runs.files import write_json

CELL = """
import pandas as pd
rows = {'model': ['a'], 'image_id': ['1'], 'split': ['test'], 'label': [seed], 'score_x': [0.5]}
run.save_predictions(pd.DataFrame(rows))
run.save_metrics({'auc': {'estimate': 0.9, 'low': 0.8, 'high': 0.95}, 'n': 3})
assert seed < 3
"""


def test_table_state_and_predictions_of_a_plan(project, quiet):
    project.write(CELL)
    result = run_plan(
        project.plan("runs:\n  - {notebook: 10_tiny, grid: {seed: [1, 2, 3]}}"), jobs=2, stream=quiet
    )
    keys = [outcome.spec.key for outcome in result.outcomes]

    table = collect().set_index("key").loc[keys]
    assert list(table.status) == ["ok", "ok", "failed"]
    assert list(table["param.seed"]) == [1, 2, 3]
    assert list(table["metric.auc"]) == [0.9] * 3 and list(table["metric.auc.high"]) == [0.95] * 3
    assert list(table["metric.n"]) == [3] * 3
    pd.testing.assert_frame_equal(collect(project.root / "runs" / "tiny").set_index("key").loc[keys], table)

    assert sorted(state.status for state in status()) == ["failed", "ok", "ok"]
    assert find_run(keys[0][:8]) == result.outcomes[0].spec.folder
    with pytest.raises(RunError, match="no run has the key 'zz'"):
        find_run("zz")
    with pytest.raises(RunError, match="several runs"):
        find_run("")

    both = load_predictions(keys[:2])
    assert list(both.run_key) == keys[:2] and list(both.label) == [1, 2]
    with pytest.raises(RunError, match="is failed: only finished runs"):
        load_predictions(keys)
    with pytest.raises(RunError, match="no run was named"):
        load_predictions([])


def test_run_without_a_record_is_cut_off(project):
    folder = project.root / "runs" / "tiny" / "10_tiny" / "0123456789ab"
    (folder / ".state").mkdir(parents=True)
    write_json(folder / ".state" / "request.json", {"x": 1})
    (state,) = status()
    assert state.status == "cut off" and state.record is None
    assert len(collect()) == 0
