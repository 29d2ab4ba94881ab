"""The page that lists the runs of a plan."""

import math
import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fxstudy.report.page import page, write_page
from fxstudy.report.text import MISSING, number_text

_GOOD = ("ok", "skipped")


def write_index(
    runs: Sequence[Mapping[str, Any]], html: Path | str, *, title: str = "Runs", synthetic: bool = False
) -> Path:
    """Write one page that links the reports of a plan.

    Parameters
    ----------
    runs : sequence of mappings
        Keys, all optional: study, notebook, label (what sets this run apart), status, seconds, metric_name,
        metric (number or text), report (path of its HTML), error (text).
    html : Path
        File to write; links are relative to its folder, so that the folder can be moved or copied.
    title : str
    synthetic : bool
        At least one of the cohorts is synthetic.

    Returns
    -------
    Path
        The file written.
    """
    target = Path(html)
    rows = "".join(_row(run, target.parent) for run in runs)
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("Report", "Study", "Run", "Status", "Time", "Main result")
    )
    good = sum(run.get("status") in _GOOD for run in runs)
    alarms = [] if good == len(runs) else [f"{len(runs) - good} of {len(runs)} runs did not end well."]
    body = (
        f"<p>{len(runs)} runs, {_duration(sum(float(run.get('seconds') or 0) for run in runs))} in all.</p>"
        f'<div class="table"><table class="fx-table fx-index"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    return write_page(page(title, body, synthetic=synthetic, alarms=alarms), target)


def _row(run: Mapping[str, Any], folder: Path) -> str:
    status = str(run.get("status") or "not run")
    kind = "good" if status in _GOOD else "bad"
    error = f"<br><small>{escape(str(run['error']).splitlines()[0])}</small>" if run.get("error") else ""
    cells = (
        escape(str(run.get("study") or MISSING)),
        escape(str(run.get("label") or run.get("key") or MISSING)),
        f'<span class="status {kind}">{escape(status)}</span>{error}',
        escape(_duration(run.get("seconds"))),
        escape(_metric(run)),
    )
    return (
        f'<tr><th scope="row">{_link(run, folder)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
    )


def _link(run: Mapping[str, Any], folder: Path) -> str:
    name = escape(str(run.get("notebook") or "report"))
    report = run.get("report")
    if not report or not Path(report).is_file():
        return name
    relative = Path(os.path.relpath(report, folder)).as_posix()
    return f'<a href="{quote(relative)}">{name}</a>'


def _metric(run: Mapping[str, Any]) -> str:
    value = run.get("metric")
    if value is None or value == "":
        return MISSING
    shown = number_text(float(value)) if isinstance(value, int | float) else str(value)
    return f"{run.get('metric_name') or ''} {shown}".strip()


def _duration(seconds: float | None) -> str:
    if seconds is None or math.isnan(float(seconds)):
        return MISSING
    whole = round(float(seconds))
    if whole < 60:
        return f"{float(seconds):.1f} s" if whole < 10 else f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
