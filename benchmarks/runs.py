"""What the executor costs: per notebook, per skipped run, per planned run.

    python benchmarks/runs.py [--notebooks 8] [--repeats 3] [--many 1000]

Everything happens in a temporary project. The reference is bare papermill in a shell loop on the same
notebooks, in the same call; like it, the runs make no HTML report. Times are the minimum of the repeats, as
shared cores swing.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fxstudy.runs import launch, read_plan, run_plan
from fxstudy.runs.record import environment, list_outputs, now, write_record

REPOSITORY = Path(__file__).parents[1]
RESULT = Path(__file__).parent / "results" / "runs.json"
CHILD = "import sys; from fxstudy.runs.execute import execute_request; sys.exit(execute_request(sys.argv[1]))"
CELLS = [
    ("from fxstudy.runs import open_run", []),
    ("seed: int = 1", ["parameters"]),
    ("run = open_run('bench', '10_empty', globals())", []),
    ("run.finish()", []),
]


def main() -> None:
    """Measure, and write the result as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--notebooks", type=int, default=8, help="notebooks per measurement")
    parser.add_argument("--repeats", type=int, default=3, help="measurements, of which the fastest counts")
    parser.add_argument("--many", type=int, default=1000, help="runs of the large plan")
    parser.add_argument("--output", type=Path, default=RESULT)
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = str(REPOSITORY)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    launch.child_command = lambda request: [sys.executable, "-c", CHILD, str(request)]
    with tempfile.TemporaryDirectory() as folder:
        root = _project(Path(folder) / "project")
        measured = {**_machine(), **_overhead(root, options), **_large_plan(root, options.many)}
    options.output.parent.mkdir(exist_ok=True)
    options.output.write_text(json.dumps(measured, indent=1) + "\n")
    sys.stdout.write(json.dumps(measured, indent=1) + "\n")


def _project(root: Path) -> Path:
    """A project with the real package and one empty notebook."""
    (root / "notebooks").mkdir(parents=True)
    (root / "fxstudy").symlink_to(REPOSITORY / "fxstudy")
    (root / "requirements.lock").write_bytes((REPOSITORY / "requirements.lock").read_bytes())
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {"tags": tags},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, (source, tags) in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    document = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (root / "notebooks" / "10_empty.ipynb").write_text(json.dumps(document))
    return root


def _plan(root: Path, first: int, count: int) -> Path:
    path = root / "plan.yaml"
    seeds = list(range(first, first + count))
    path.write_text(f"runs:\n  - notebook: 10_empty\n    grid: {{seed: {seeds}}}\n")
    return path


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _overhead(root: Path, options: argparse.Namespace) -> dict:
    """Seconds per empty notebook, ours with 1, 2 and 4 jobs and papermill's; seconds to skip them all."""
    count, first = options.notebooks, 1_000_000
    times: dict[str, list[float]] = {}
    with open(os.devnull, "w") as nowhere:
        for _ in range(options.repeats):
            loop = _seconds(lambda: _shell_loop(root, count)) / count
            times.setdefault("papermill_shell_loop_s_per_notebook", []).append(loop)
            for jobs in (1, 2, 4):
                first += count
                plan = _plan(root, first, count)
                spent = _seconds(lambda: _checked(run_plan(plan, jobs=jobs, root=root, stream=nowhere)))  # noqa: B023
                times.setdefault(f"fxstudy_{jobs}_jobs_s_per_notebook", []).append(spent / count)
            command = [sys.executable, "-c", _SKIP.format(plan=str(plan), root=str(root))]
            times.setdefault(f"skip_{count}_unchanged_runs_new_process_s", []).append(
                _seconds(lambda: subprocess.run(command, check=True))  # noqa: B023
            )
    return {name: round(min(values), 3) for name, values in times.items()}


_SKIP = """
import os
from pathlib import Path
from fxstudy.runs import run_plan
result = run_plan({plan!r}, root=Path({root!r}), stream=open(os.devnull, "w"))
assert list(result.counts()) == ["skipped"], result.counts()
"""


def _shell_loop(root: Path, count: int) -> None:
    papermill = Path(sys.executable).with_name("papermill")
    one = f"'{papermill}' --no-progress-bar notebooks/10_empty.ipynb out_$i.ipynb -p seed $i"
    script = f"for i in $(seq {count}); do {one} || exit 1; done"
    subprocess.run(["sh", "-c", script], cwd=root, check=True, capture_output=True)


def _checked(result) -> None:
    if not result.ok:
        raise SystemExit(f"a run of the benchmark failed: {result.counts()}")


def _large_plan(root: Path, count: int) -> dict:
    """Seconds to plan many runs and to skip them when all are done (their records are written here)."""
    path = _plan(root, 0, count)
    planned = min(_seconds(lambda: read_plan(path, root=root)) for _ in range(3))
    for spec in read_plan(path, root=root).specs:
        for name in ("notebook.ipynb", "metrics.json", "predictions.parquet", "figures/roc.png"):
            file = spec.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(name.encode())
        outputs, _ = list_outputs(spec.folder)
        facts = {"environment": environment({}), "outputs": outputs}
        write_record(spec.folder, spec.request.record("ok", now(), 1.0, **facts))
    with open(os.devnull, "w") as nowhere:
        skipped = min(_seconds(lambda: run_plan(path, root=root, stream=nowhere)) for _ in range(3))
    return {f"plan_{count}_runs_s": round(planned, 3), f"skip_{count}_runs_s": round(skipped, 3)}


def _machine() -> dict:
    versions = {name: importlib.metadata.version(name) for name in ("papermill", "nbclient", "ipykernel")}
    return {
        "measured": now(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        **versions,
    }


if __name__ == "__main__":
    main()
