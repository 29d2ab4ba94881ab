"""DeLong's test and the bootstrap beside pROC (R) and MLstatkit, on the same numbers and in the same run.

pROC is taken from an R that is installed (Debian: r-cran-proc), MLstatkit from the Python that runs this
script; one that is missing is named and skipped. Rounds are interleaved and the least time of each counts,
since shared machines swing; processor seconds stand beside the seconds waited. Results must agree, or the
script fails.

    python benchmarks/stats.py [--cases 1000000] [--rounds 3] [--out benchmarks/results/stats.json]
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import numpy as np

from fxstudy.stats import bootstrap_auc, delong_test

# pROC's own use: two roc objects, then the test; the bootstrap as ci.auc runs it. Seconds go to stdout.
R_SCRIPT = """
suppressPackageStartupMessages(library(pROC))
folder <- commandArgs(TRUE)[1]; n <- as.integer(commandArgs(TRUE)[2]); few <- as.integer(commandArgs(TRUE)[3])
get <- function(name, n) readBin(file.path(folder, name), "double", n)
y <- get("truth", n); a <- get("a", n); b <- get("b", n)
seconds <- function(t) paste(t[["elapsed"]], t[["user.self"]] + t[["sys.self"]])
time <- system.time({
  test <- roc.test(roc(y, a, levels = c(0, 1), direction = "<"), roc(y, b, levels = c(0, 1), direction = "<"))
})
cat("delong", seconds(time), sprintf("%.12f", test$statistic), "\\n")
y <- get("truth_few", few); a <- get("a_few", few)
r <- roc(y, a, levels = c(0, 1), direction = "<")
time <- system.time({
  ci <- ci.auc(r, method = "bootstrap", boot.n = 2000, progress = "none")
})
cat("bootstrap", seconds(time), sprintf("%.6f", ci[1]), sprintf("%.6f", ci[3]), "\\n")
cat("version", as.character(packageVersion("pROC")), R.version$major, R.version$minor, "\\n")
"""


def made(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth and the continuous scores of two correlated models."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.3
    a = rng.normal(size=n) + truth
    return truth, a, a + rng.normal(size=n)


def clock() -> np.ndarray:
    """Seconds waited and processor seconds."""
    return np.array([time.perf_counter(), time.process_time()])


def ours(large: tuple, few: tuple) -> dict:
    """Seconds and results of fxstudy.stats."""
    start = clock()
    test = delong_test(*large)
    middle = clock()
    drawn = bootstrap_auc(few[0], few[1], interval="percentile", replicates=2000, seed=0)
    return {
        "delong_s": list(middle - start),
        "bootstrap_s": list(clock() - middle),
        "z": test.difference.statistic,
        "interval": [drawn.low, drawn.high],
    }


def proc(large: tuple, few: tuple) -> dict | str:
    """Seconds and results of pROC, or why it is skipped."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for key, values in zip(("truth", "a", "b"), large, strict=True):
            np.asarray(values, dtype="<f8").tofile(folder / key)
        for key, values in zip(("truth_few", "a_few"), few[:2], strict=True):
            np.asarray(values, dtype="<f8").tofile(folder / key)
        (folder / "run.R").write_text(R_SCRIPT)
        command = ["Rscript", str(folder / "run.R"), str(folder), str(large[0].size), str(few[0].size)]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except FileNotFoundError:
            return "Rscript is not installed"
    if done.returncode:
        return f"pROC could not run: {done.stderr.strip().splitlines()[-1:]}"
    told = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line.strip()}
    return {
        "delong_s": [float(value) for value in told["delong"][:2]],
        "bootstrap_s": [float(value) for value in told["bootstrap"][:2]],
        "z": float(told["delong"][2]),
        "interval": [float(value) for value in told["bootstrap"][2:]],
        "version": f"pROC {told['version'][0]}, R {'.'.join(told['version'][1:])}",
    }


def mlstatkit(large: tuple, few: tuple) -> dict | str:
    """Seconds and results of MLstatkit, or why it is skipped."""
    try:
        from MLstatkit import Bootstrapping, Delong_test
    except ImportError:
        return "MLstatkit is not installed in this Python"
    truth, a, b = large
    squeezed = [1 / (1 + np.exp(-score)) for score in (a, b)]
    start = clock()
    z = Delong_test(truth.astype(int), *squeezed)[0]
    middle = clock()
    drawn = Bootstrapping(few[0].astype(int), 1 / (1 + np.exp(-few[1])), "roc_auc", n_bootstraps=2000)
    return {
        "delong_s": list(middle - start),
        "bootstrap_s": list(clock() - middle),
        "z": float(z),
        "interval": [float(drawn[1]), float(drawn[2])],
        "version": f"MLstatkit {metadata.version('MLstatkit')}",
    }


def least(rounds: list[dict | str]) -> dict | str:
    """A round's results with the least seconds of each task: [waited, processor]."""
    if isinstance(rounds[0], str):
        return rounds[0]
    best = dict(rounds[0])
    for task in ("delong_s", "bootstrap_s"):
        best[task] = np.min([round_[task] for round_ in rounds], axis=0).tolist()
    return best


def machine() -> dict:
    """What the times were measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "fxstudy": metadata.version("fxstudy"),
    }


def main() -> int:
    """Measure, compare, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1_000_000, help="cases of DeLong's test")
    parser.add_argument("--few", type=int, default=1_000, help="cases of the bootstrap")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/stats.json"))
    options = parser.parse_args()
    large, few = made(options.cases, 1), made(options.few, 2)
    tools = {"fxstudy": ours, "pROC": proc, "MLstatkit": mlstatkit}
    rounds = {name: [] for name in tools}
    for _ in range(options.rounds):
        for name, tool in tools.items():
            rounds[name].append(tool(large, few))
    best = {name: least(found) for name, found in rounds.items()}
    report = {"machine": machine(), "cases": options.cases, "few": options.few, "replicates": 2000}
    report |= {"rounds": options.rounds, "results": best, "times_faster": {}}
    own, agree = best["fxstudy"], True
    for name, found in best.items():
        if name == "fxstudy":
            continue
        if isinstance(found, str):
            sys.stdout.write(f"{name} is skipped: {found}\n")
            continue
        tasks = ("delong", "bootstrap")
        ratios = {task: list(np.divide(found[f"{task}_s"], own[f"{task}_s"])) for task in tasks}
        report["times_faster"][name] = ratios
        agree &= bool(np.isclose(abs(found["z"]), abs(own["z"]), rtol=1e-6))
        for task in tasks:
            (theirs, cpu), (mine, own_cpu) = found[f"{task}_s"], own[f"{task}_s"]
            sys.stdout.write(
                f"{name}, {task}: {theirs:.2f} s against {mine:.3f} s ({theirs / mine:.1f} times), processor "
                f"{cpu:.2f} s against {own_cpu:.3f} s ({cpu / own_cpu:.1f} times)\n"
            )
    report["agree"] = agree
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    return 0 if agree else 1


if __name__ == "__main__":
    raise SystemExit(main())
