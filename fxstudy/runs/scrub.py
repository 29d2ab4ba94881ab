"""Take the folders of this machine out of what a run leaves behind."""

import json
import os
import tempfile
from pathlib import Path

_SHORTEST = 4


def machine_folders(root: Path, cohorts: list[Path] = ()) -> dict[str, str]:
    """Folders that outputs must not name, and what stands for each; longest first.

    Parameters
    ----------
    root : Path
        The project.
    cohorts : list of Path
        Cohort folders whose ``data_root.txt`` names an image root.
    """
    folders = {str(root): ".", str(root.resolve()): ".", str(Path.home()): "~"}
    folders[tempfile.gettempdir()] = "<tmp>"
    for variable, word in (("FXSTUDY_DATA", "<data>"), ("FXSTUDY_WEIGHTS", "<weights>")):
        if os.environ.get(variable):
            folders[os.environ[variable].rstrip("/\\")] = word
    for cohort in cohorts:
        pointer = cohort / "data_root.txt"
        if pointer.is_file():
            folders[pointer.read_text(encoding="utf-8").strip().rstrip("/\\")] = "<data>"
    kept = {folder: word for folder, word in folders.items() if len(folder) >= _SHORTEST}
    return dict(sorted(kept.items(), key=lambda item: -len(item[0])))


def scrub(text: str, folders: dict[str, str]) -> str:
    """``text`` with every folder replaced, as it stands and as JSON writes it."""
    for folder, word in folders.items():
        text = text.replace(folder, word)
        escaped = json.dumps(folder)[1:-1]
        if escaped != folder:
            text = text.replace(escaped, word)
    return text


def scrub_file(path: Path, folders: dict[str, str]) -> None:
    """Scrub a text file in its place (a process may still be appending to it)."""
    if not path.is_file():
        return
    before = path.read_text(encoding="utf-8", errors="replace")
    after = scrub(before, folders)
    if after != before:
        with path.open("r+", encoding="utf-8") as handle:
            handle.write(after)
            handle.truncate()
