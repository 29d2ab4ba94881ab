"""The run as a notebook sees it: where to save results, and how to say that it is finished."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from fxstudy.errors import RunError
from fxstudy.runs.files import atomic, private_folder, write_json
from fxstudy.runs.key import KeyMaker
from fxstudy.runs.parameters import check, read_schema
from fxstudy.runs.project import find_root, notebook_path, read_notebook
from fxstudy.runs.record import environment, list_outputs, now, write_record
from fxstudy.runs.request import Request, make_request, read_request

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PREDICTION_COLUMNS = ("model", "image_id", "split", "label")


class Run:
    """One execution of a notebook; made by :func:`open_run`.

    Attributes
    ----------
    key : str
        Name of the run, 12 digits.
    parameters : dict
        The checked parameters.
    folder : Path
        Where everything of this run is saved.
    """

    def __init__(self, request: Request, *, by_hand: bool):
        self.key, self.parameters, self.folder = request.key, dict(request.parameters), request.folder
        self._request, self._by_hand = request, by_hand
        self._started, self._metrics = now(), {}
        private_folder(self.folder)

    def __repr__(self) -> str:
        return f"Run({self._request.study}/{self._request.notebook}/{self.folder.name})"

    @property
    def checkpoints(self) -> Path:
        """Folder of training checkpoints; it survives a crash, and the next attempt continues from it."""
        return private_folder(self.folder / "checkpoints")

    @property
    def shared(self) -> Path:
        """Folder that all runs share, for prepared images and the like."""
        return private_folder(self._request.root / "runs" / "cache")

    def save_metrics(self, metrics: Mapping[str, object]) -> None:
        """Add named numbers to ``metrics.json``.

        Parameters
        ----------
        metrics : mapping
            Numbers, texts, booleans, or results with ``estimate``, ``low`` and ``high``. An undefined number
            is saved as null.
        """
        self._metrics |= {str(name): _plain(value) for name, value in metrics.items()}
        write_json(self.folder / "metrics.json", self._metrics)

    def save_table(self, table, name: str) -> Path:
        """Save a data frame as ``tables/<name>.csv`` (its index only where it has names of its own)."""
        path = private_folder(self.folder / "tables") / f"{_name(name)}.csv"
        numbered = type(table.index).__name__ == "RangeIndex"
        with atomic(path) as temporary:
            table.to_csv(temporary, index=not numbered)
        return path

    def save_figure(self, figure, name: str) -> Path:
        """Save a matplotlib figure as ``figures/<name>.png`` with 150 dots per inch."""
        path = private_folder(self.folder / "figures") / f"{_name(name)}.png"
        with atomic(path) as temporary:
            figure.savefig(temporary, dpi=150, bbox_inches="tight", format="png")
        return path

    def keep(self, name: str, thing):
        """Save a figure or a table under a name and hand it back, to be shown by the notebook.

        Parameters
        ----------
        name : str
            ``tables/<name>.csv``, also as ``.html`` where it is laid out for print, or ``figures/<name>.png``.
        thing
            A data frame; a table with ``numbers`` (all digits) beside what it shows; a figure with ``png``
            or ``savefig``; or a text, which is not saved.
        """
        if hasattr(thing, "numbers"):
            path = self.save_table(thing.numbers, name)
            with atomic(path.with_suffix(".html")) as temporary:
                temporary.write_text(thing.to_html(), encoding="utf-8")
        elif hasattr(thing, "to_csv"):
            self.save_table(thing, name)
        elif hasattr(thing, "png"):
            path = private_folder(self.folder / "figures") / f"{_name(name)}.png"
            with atomic(path) as temporary:
                temporary.write_bytes(thing.png)
        elif hasattr(thing, "savefig"):
            self.save_figure(thing, name)
        return thing

    def save_predictions(self, predictions) -> Path:
        """Save ``predictions.parquet``: one row per model and image, with the key of this run.

        Parameters
        ----------
        predictions : DataFrame
            Columns model, image_id, split, label, best also patient_id and site, and one column of
            probabilities per class whose name begins with ``score``.

        Raises
        ------
        RunError
            If columns are missing or a model has two rows for one image.
        """
        missing = [name for name in _PREDICTION_COLUMNS if name not in predictions.columns]
        if not any(str(name).startswith("score") for name in predictions.columns):
            missing.append("score…")
        if missing:
            raise RunError(f"predictions must have the columns {', '.join(missing)}")
        one = [name for name in ("model", "repeat", "image_id") if name in predictions.columns]
        twice = predictions.duplicated(one)
        if twice.any():
            raise RunError(f"predictions have {int(twice.sum())} images twice for the same model")
        table = predictions.drop(columns="run_key", errors="ignore")
        table.insert(0, "run_key", self.key)
        path = self.folder / "predictions.parquet"
        with atomic(path) as temporary:
            table.to_parquet(temporary, index=False)
        return path

    def finish(self) -> None:
        """Say that the last cell was reached; without it no run counts as finished."""
        facts = {"device": _device()}
        if not self._by_hand:
            marker = {"token": self._request.token, "finished": now(), "facts": facts}
            write_json(self._request.state / "finished.json", marker)
            return
        outputs, checkpoints = list_outputs(self.folder)
        record = self._request.record(
            "by hand",
            self._started,
            0.0,
            environment=environment(facts),
            outputs=outputs,
            checkpoints=checkpoints,
        )
        write_record(self.folder, record)


def open_run(study: str, notebook: str, namespace: Mapping[str, object]) -> Run:
    """Open the run of this notebook.

    Under ``fxstudy run`` the run folder was made before the notebook started. Under plain papermill, or by
    hand in JupyterLab, results go to ``runs/<study>/<notebook>/by-hand-<key>/``, which is never taken for a
    finished run.

    Parameters
    ----------
    study, notebook : str
        Name of the study and of the notebook's file.
    namespace : mapping
        ``globals()`` of the notebook: the values of its parameters are read and checked.

    Raises
    ------
    ParameterError
        If a value does not fit the parameters cell.
    RunError
        If the notebook is not the one that was started.
    """
    folder = os.environ.get("FXSTUDY_RUN_FOLDER")
    root = find_root()
    source = read_notebook(notebook_path(root, notebook))
    schema = read_schema(source)
    given = {parameter.name: namespace[parameter.name] for parameter in schema if parameter.name in namespace}
    parameters = check(schema, given, where=f"notebook {notebook}")
    if folder:
        request = read_request(Path(folder) / ".state" / "request.json")
        _same_notebook(request, notebook, parameters)
        return Run(request, by_hand=False)
    keys = KeyMaker(root)
    request = make_request(root, study, source.name, parameters, keys.make(source, parameters))
    keys.save()
    by_hand = request.folder.with_name(f"by-hand-{request.key}")
    return Run(replace(request, folder=by_hand), by_hand=True)


def _same_notebook(request: Request, notebook: str, parameters: dict) -> None:
    if request.notebook != notebook:
        raise RunError(
            f"this run executes the notebook {request.notebook!r}, but its open_run(...) says {notebook!r}: "
            "write the notebook's own file name there"
        )
    changed = [name for name, value in parameters.items() if value != request.parameters.get(name, value)]
    if changed:
        raise RunError(
            f"the parameters {', '.join(changed)} were changed in the notebook after its parameters cell: "
            "open the run before, and give derived values names of their own"
        )


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise RunError(f"a file's name must be letters, digits, '_', '-' and '.', not {name!r}")
    return name


def _plain(value: object) -> object:
    """A value as strict JSON: numpy numbers as Python's, undefined numbers as None."""
    if hasattr(value, "estimate") and hasattr(value, "low"):
        fields = ("estimate", "low", "high", "level", "statistic", "p_value", "n", "method")
        return {
            name: _plain(getattr(value, name)) for name in fields if getattr(value, name, None) is not None
        }
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        value = value.tolist()
        return _plain(value) if isinstance(value, list) else _plain_number(value)
    return _plain_number(value)


def _plain_number(value: object) -> object:
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if value is None or isinstance(value, bool | int | str):
        return value
    raise RunError(f"a metric must be a number, a text or a result, not {type(value).__name__}")


def _device() -> str:
    """What the notebook computed on, as far as torch knows; torch is not imported for it."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return "cpu"
    return torch.cuda.get_device_name()
