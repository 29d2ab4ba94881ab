"""The part of the command that makes, checks and cleans cohorts."""

import argparse
import sys
from pathlib import Path

OK, FOUND = 0, 1


def add_cohort(commands) -> None:
    """Add ``fxstudy cohort import | audit | deidentify | synthesize``."""
    actions = commands.add_parser("cohort", help="import, audit, de-identify or compute cohorts")
    actions = actions.add_subparsers(required=True, metavar="action")
    sources = actions.add_parser("import", help="make a cohort of files").add_subparsers(
        required=True, metavar="source"
    )
    fracatlas = _source(sources, "fracatlas", "FracAtlas in its official layout", _fracatlas)
    fracatlas.add_argument("--films", type=Path, help="CSV naming the films, with group and further columns")
    fracatlas.add_argument("--region", default="wrist", help="hand, wrist, leg, hip, shoulder or all")
    mura = _source(sources, "mura", "MURA v1.1; labels mean abnormal, per study", _mura)
    mura.add_argument("--region", default="wrist", help="wrist, forearm, …")
    _source(sources, "grazpedwri", "GRAZPEDWRI-DX in its official layout", _grazpedwri)
    dicom = _source(sources, "dicom", "a folder of DICOM files and a label table", _dicom)
    dicom.add_argument("--labels", type=Path, required=True, help="CSV with the labels")
    dicom.add_argument("--scope", default="any", help="any, wrist or hip: other body parts are refused")
    dicom.add_argument("--boxes", type=Path, help="boxes as VOC, YOLO or COCO")
    _add_others(actions)


def _add_others(actions) -> None:
    audit = actions.add_parser("audit", help="what is wrong or suspicious in a cohort")
    audit.add_argument("cohort", help="folder, or name below cohorts/")
    audit.add_argument("--json", type=Path, help="also write everything as JSON")
    audit.add_argument("--no-files", action="store_true", help="look at the tables only")
    audit.set_defaults(command=_audit)
    clean = actions.add_parser("deidentify", help="copies without identifiers, after the DICOM basic profile")
    clean.add_argument("folder", type=Path, help="folder of images; it is not changed")
    clean.add_argument("--to", type=Path, required=True, help="folder for the copies")
    clean.add_argument("--key", type=Path, required=True, help="key file, outside both folders")
    clean.add_argument("--crosswalk", type=Path, required=True, help="table of old and new ids, kept apart")
    clean.add_argument(
        "--text", choices=("refuse", "mask"), default="refuse", help="text burned into the pixels"
    )
    clean.add_argument("--preview", action="store_true", help="only show what would change")
    clean.set_defaults(command=_deidentify)
    synthesize = actions.add_parser("synthesize", help="compute a synthetic cohort from a description")
    synthesize.add_argument("description", help="YAML file, or the name of one in data_manifest/")
    synthesize.add_argument("--to", type=Path, help="folder of the cohort; default cohorts/<name>")
    synthesize.set_defaults(command=_synthesize)


def _source(sources, name: str, words: str, command) -> argparse.ArgumentParser:
    source = sources.add_parser(name, help=words)
    source.add_argument("folder", type=Path, help="where the files are; they stay there")
    source.add_argument("--to", type=Path, help=f"folder of the cohort; default cohorts/{name}…")
    source.add_argument("--seed", type=int, default=0, help="seed of the stored split")
    source.set_defaults(command=command)
    return source


def _fracatlas(given: argparse.Namespace) -> int:
    from fxstudy.cohort import import_fracatlas

    to = given.to or Path("cohorts") / f"fracatlas_{given.region}"
    options = {"films": given.films, "region": given.region, "seed": given.seed}
    return _told(import_fracatlas(given.folder, to=to, **options), to)


def _mura(given: argparse.Namespace) -> int:
    from fxstudy.cohort import import_mura

    to = given.to or Path("cohorts") / f"mura_{given.region}"
    return _told(import_mura(given.folder, region=given.region, to=to, seed=given.seed), to)


def _grazpedwri(given: argparse.Namespace) -> int:
    from fxstudy.cohort import import_grazpedwri

    to = given.to or Path("cohorts") / "grazpedwri"
    return _told(import_grazpedwri(given.folder, to=to, seed=given.seed), to)


def _dicom(given: argparse.Namespace) -> int:
    from fxstudy.cohort import import_dicom_folder

    to = given.to or Path("cohorts") / "dicom"
    options = {"labels": given.labels, "scope": given.scope, "boxes": given.boxes, "seed": given.seed}
    return _told(import_dicom_folder(given.folder, to=to, **options), to)


def _audit(given: argparse.Namespace) -> int:
    from fxstudy.cohort import audit, read_cohort

    result = audit(read_cohort(given.cohort), files=not given.no_files)
    if given.json:
        result.to_json(given.json)
    _say(result.text())
    return FOUND if result.findings else OK


def _deidentify(given: argparse.Namespace) -> int:
    from fxstudy.cohort.deidentify import deidentify_folder, preview

    if given.preview:
        _say(preview(given.folder).to_string(index=False))
        return OK
    options = {"key": given.key, "crosswalk": given.crosswalk, "text": given.text}
    _say(deidentify_folder(given.folder, to=given.to, **options).text())
    return OK


def _synthesize(given: argparse.Namespace) -> int:
    from fxstudy.imaging import read_description, synthesize_wrists

    target = given.to or Path("cohorts") / Path(given.description).stem
    _say(f"cohort: {synthesize_wrists(read_description(given.description), target)}")
    return OK


def _told(report, folder: Path) -> int:
    _say(report.text())
    _say(f"cohort: {folder}")
    return OK


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
