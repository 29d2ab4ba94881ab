"""What a notebook can save, and how it behaves without the executor."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from fxstudy.errors import ParameterError, RunError
from fxstudy.runs import collect, load_predictions, open_run, read_record, run_notebook


@dataclass(frozen=True)
class Result:
    estimate: float
    low: float
    high: float
    n: int


@pytest.fixture
def run(project):
    project.write(parameters="seed: int = 1\nrate: float = 0.5")
    return open_run("tiny", "10_tiny", {"seed": 4, "rate": 1, "other": object()})


def predictions(**columns):
    rows = {"model": ["a", "a"], "image_id": ["1", "2"], "split": ["test"] * 2, "label": [0, 1]}
    return pd.DataFrame({**rows, "score_fracture": [0.1, 0.9], **columns})


def test_by_hand_the_folder_says_so(run, project, quiet):
    assert run.folder.name == f"by-hand-{run.key}"
    assert run.parameters == {"seed": 4, "rate": 1.0}
    run.finish()
    assert read_record(run.folder).status == "by hand"
    assert (
        run_notebook("10_tiny", {"seed": 4, "rate": 1}, stream=quiet, dry_run=True).outcomes[0].action
        == "planned"
    )
    assert len(collect()) == 0 and len(collect(by_hand=True)) == 1


def test_by_hand_the_values_are_checked(run):
    with pytest.raises(ParameterError, match="seed: must be int, not the text '7'"):
        open_run("tiny", "10_tiny", {"seed": "7"})


def test_plain_papermill_works(project, tmp_path):
    import papermill

    from fxstudy.runs.kernel import OwnKernelManager

    path = project.write("run.save_metrics({'seed': seed})")
    papermill.execute_notebook(
        str(path).replace("{", "{{").replace("}", "}}"),
        str(tmp_path / "out.ipynb"),
        {"seed": 9},
        progress_bar=False,
        kernel_manager_class=OwnKernelManager,
    )
    (folder,) = (project.root / "runs" / "tiny" / "10_tiny").iterdir()
    assert folder.name.startswith("by-hand-")
    assert json.loads((folder / "metrics.json").read_text()) == {"seed": 9}


def test_metrics_are_strict_json(run):
    run.save_metrics({"n": np.int64(3), "auc": Result(np.float64(0.9), 0.8, np.nan, 10), "flag": True})
    run.save_metrics({"nan": float("nan"), "series": np.arange(2)})
    saved = json.loads((run.folder / "metrics.json").read_text(), parse_constant=pytest.fail)
    auc = {"estimate": 0.9, "low": 0.8, "n": 10, "high": None}
    assert saved == {"n": 3, "auc": auc, "flag": True, "nan": None, "series": [0, 1]}
    with pytest.raises(RunError, match="must be a number"):
        run.save_metrics({"x": object()})


def test_tables_and_figures_go_to_their_folders(run):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 2])
    run.save_figure(figure, "roc")
    run.save_table(pd.DataFrame({"a": [1]}), "plain")
    run.save_table(pd.DataFrame({"a": [1]}, index=["row"]), "named")
    assert (run.folder / "figures" / "roc.png").read_bytes().startswith(b"\x89PNG")
    assert (run.folder / "tables" / "plain.csv").read_text() == "a\n1\n"
    assert (run.folder / "tables" / "named.csv").read_text() == ",a\nrow,1\n"
    with pytest.raises(RunError, match="must be letters"):
        run.save_table(pd.DataFrame(), "../outside")


def test_predictions_carry_the_key_of_the_run(run):
    run.save_predictions(predictions())
    run.finish()
    table = load_predictions(run.folder)
    assert list(table.run_key.unique()) == [run.key] and len(table) == 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (predictions().drop(columns=["split", "score_fracture"]), "columns split, score…"),
        (predictions(image_id=["1", "1"]), "1 images twice"),
    ],
)
def test_predictions_that_cannot_be_compared_are_refused(run, table, message):
    with pytest.raises(RunError, match=message):
        run.save_predictions(table)


def test_failed_save_leaves_no_half_file(run, monkeypatch):
    run.save_table(pd.DataFrame({"a": [1]}), "t")

    def full(self, path, **_):
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OSError, match="No space left"):
        run.save_table(pd.DataFrame({"a": [2]}), "t")
    assert [path.name for path in (run.folder / "tables").iterdir()] == ["t.csv"]
    assert (run.folder / "tables" / "t.csv").read_text() == "a\n1\n"


def test_notebook_under_another_name_is_refused(project, quiet):
    project.write(name="20_other")
    project.write(name="20_other")
    path = project.write()
    path.write_text(path.read_text().replace("'10_tiny'", "'20_other'"))
    record = run_notebook("10_tiny", stream=quiet).outcomes[0].record
    assert record.status == "failed" and "write the notebook's own file name" in record.error.evalue


def test_parameter_changed_in_the_notebook_is_refused(project, quiet):
    path = project.write()
    path.write_text(path.read_text().replace('"run = open_run', '"seed = 5\\nrun = open_run'))
    record = run_notebook("10_tiny", stream=quiet).outcomes[0].record
    assert record.status == "failed" and "parameters seed were changed" in record.error.evalue


def test_what_is_kept_is_saved_and_handed_back(run):
    class Table:
        numbers = pd.DataFrame({"auc": [0.9]})

        def to_html(self):
            return "<table>0.9</table>"

    class Figure:
        png = b"\x89PNG..."

    table, figure, frame = Table(), Figure(), pd.DataFrame({"a": [1]})
    assert run.keep("auc", table) is table
    assert run.keep("roc", figure) is figure and run.keep("plain", frame) is frame
    assert run.keep("told", "no misses") == "no misses"
    assert (run.folder / "tables/auc.csv").read_text() == "auc\n0.9\n"
    assert (run.folder / "tables/auc.html").read_text() == "<table>0.9</table>"
    assert (run.folder / "figures/roc.png").read_bytes() == Figure.png
    assert (run.folder / "tables/plain.csv").is_file() and not list(run.folder.rglob("told*"))


def test_repeats_of_a_model_are_not_the_same_image_twice(run):
    both = pd.concat([predictions(repeat=1), predictions(repeat=2)])
    run.save_predictions(both)
    with pytest.raises(RunError, match="2 images twice for the same model"):
        run.save_predictions(pd.concat([both, predictions(repeat=2)]))
