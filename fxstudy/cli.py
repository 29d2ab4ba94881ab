"""The command ``fxstudy``: it reads its arguments and calls the rooms, each imported when it is needed."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fxstudy.cli_cohort import add_cohort
from fxstudy.errors import FxstudyError, ParameterError, PlanError

OK, NOT_OK, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the process's exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments[:1] == ["_exec"]:
        return _execute(arguments[1])
    given = _parser().parse_args(arguments)
    try:
        return given.command(given)
    except FxstudyError as error:
        sys.stderr.write(f"fxstudy: {error}\n")
        return WRONG_INPUT
    except KeyboardInterrupt:
        sys.stderr.write("fxstudy: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        return OK


def _execute(request: str) -> int:
    """The child process of one run."""
    from fxstudy.runs import execute_request

    return execute_request(Path(request), after=_write_report)


def _write_report(folder: Path) -> None:
    import json

    import nbformat

    from fxstudy.report.html import write_report

    notebook = folder / "notebook.ipynb"
    first = nbformat.read(notebook, as_version=4).cells[0].source.splitlines()[0]
    metrics = folder / "metrics.json"
    synthetic = metrics.is_file() and json.loads(metrics.read_text()).get("synthetic") is True
    write_report(notebook, folder / "report.html", title=first.lstrip("# "), synthetic=synthetic)


def _run(given: argparse.Namespace) -> int:
    from fxstudy.runs import run_notebook, run_plan

    common = {
        "force": given.force,
        "dry_run": given.dry_run,
        "gpus": given.gpus,
        "engine": _engine(given.engine),
    }
    if Path(given.plan).suffix in (".yaml", ".yml"):
        if given.parameters or given.files:
            raise PlanError("-p and -f belong to a single notebook; a plan holds its own parameters (set:)")
        result = run_plan(Path(given.plan), jobs=given.jobs, only=given.only, **common)
    else:
        result = run_notebook(given.plan, _values(given.parameters), params=given.files, **common)
    if given.dry_run or given.why:
        for outcome in result.outcomes:
            _say(f"{outcome.spec.label}: {outcome.why}")
    _tell(result)
    if result.interrupted:
        return INTERRUPTED
    return OK if result.ok or given.dry_run else NOT_OK


def _engine(name: str):
    if name == "local":
        return None
    from fxstudy.runs import ClusterEngine, find_root

    return ClusterEngine(find_root(), cluster=name)


def _tell(result) -> None:
    """Name the reports, and the index page where there are several."""
    from fxstudy.report.index import write_index

    reports = [o for o in result.outcomes if (o.spec.folder / "report.html").is_file()]
    for outcome in reports:
        _say(f"report: {_shown(outcome.spec.folder / 'report.html')}")
    if len(result.outcomes) > 1 and reports:
        rows = [_index_row(outcome) for outcome in result.outcomes]
        index = write_index(rows, reports[0].spec.folder.parents[2] / "index.html", title=result.title)
        _say(f"all reports: {_shown(index)}")


def _index_row(outcome) -> dict:
    from fxstudy.runs import read_record

    folder, record = outcome.spec.folder, read_record(outcome.spec.folder)
    return {
        "notebook": outcome.spec.label,
        "status": record.status if record else outcome.action,
        "seconds": record.seconds if record else None,
        "report": folder / "report.html" if (folder / "report.html").is_file() else None,
    }


def _values(pairs: Sequence[Sequence[str]]) -> dict[str, object]:
    """``-p name value``: values are YAML, so that 3 is a number and [1, 2] a list."""
    import yaml

    values = {}
    for name, text in pairs:
        try:
            values[name] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ParameterError(f"-p {name}: {text!r} is no value: {error}") from error
    return values


def _status(given: argparse.Namespace) -> int:
    from fxstudy.progress import line
    from fxstudy.runs import status

    for state in status(given.folder):
        progress = f"  {line(state.progress)}" if state.progress else ""
        _say(f"{state.status:12} {_shown(state.folder)}{progress}")
    return OK


def _collect(given: argparse.Namespace) -> int:
    from fxstudy.runs import collect

    table = collect(given.folder)
    if given.to is None:
        _say(table.to_csv(index=False).rstrip())
    elif given.to.suffix == ".parquet":
        table.to_parquet(given.to, index=False)
    else:
        table.to_csv(given.to, index=False)
    return OK


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _shown(path: Path) -> str:
    path = Path(path).resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fxstudy", description="Rerun fracture-AI studies and compare the results. Not a medical device."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_run(commands)
    _add_overviews(commands)
    add_cohort(commands)
    return parser


def _add_run(commands) -> None:
    run = commands.add_parser("run", help="run a plan of notebooks, or one notebook")
    run.add_argument("plan", help="params/plans/<plan>.yaml, or a notebook's name")
    run.add_argument("-p", dest="parameters", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    run.add_argument("-f", dest="files", action="append", default=[], type=Path, metavar="PARAMS.yaml")
    run.add_argument("--jobs", type=int, default=1, help="notebooks at the same time")
    run.add_argument(
        "--gpus", type=lambda text: tuple(text.split(",")), default=(), help="device numbers, e.g. 0,1"
    )
    run.add_argument("--only", action="append", default=[], help="id of an entry of the plan (repeatable)")
    run.add_argument("--force", action="store_true", help="run again what is finished and unchanged")
    run.add_argument("--dry-run", action="store_true", help="say what would be run, and why")
    run.add_argument("--why", action="store_true", help="say why each notebook was run or skipped")
    run.add_argument(
        "--engine", choices=("local", "slurm"), default="local", help="slurm: one job per run (docs/how-to)"
    )
    run.set_defaults(command=_run)


def _add_overviews(commands) -> None:
    status = commands.add_parser("status", help="what the runs are doing")
    status.add_argument("folder", nargs="?", type=Path)
    status.set_defaults(command=_status)
    collect = commands.add_parser("collect", help="one table over all runs, with parameters and metrics")
    collect.add_argument("folder", nargs="?", type=Path)
    collect.add_argument("--to", type=Path, help="file .csv or .parquet; default: print CSV")
    collect.set_defaults(command=_collect)
