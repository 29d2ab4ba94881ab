"""Opening a cohort by name: a folder of real films, or the embedded synthetic one, made when first needed."""

import hashlib
from pathlib import Path

from fxstudy.cohort import Cohort, read_cohort
from fxstudy.imaging.fingerprint import source_digest
from fxstudy.imaging.synthetic import read_description, synthesize_wrists

_MANIFESTS = Path(__file__).parents[2] / "data_manifest"


def open_cohort(name: str, *, store: Path) -> Cohort:
    """Read a cohort; make it first if it is a description of synthetic films.

    Parameters
    ----------
    name : str
        A folder, a name below ``cohorts/``, or a synthetic description: a YAML file or the name of one in
        ``data_manifest/``.
    store : Path
        Folder for synthetic cohorts. A changed description or generator gets a new folder there.

    Raises
    ------
    CohortError
        There is no such cohort, or it has faults (all of them listed).
    """
    description = Path(name) if name.endswith(".yaml") else _MANIFESTS / f"{name}.yaml"
    if not description.is_file() or read_description(description).get("synthetic") is not True:
        return read_cohort(name)
    digest = hashlib.sha256(description.read_bytes() + source_digest(synthesize_wrists).encode()).hexdigest()
    folder = synthesize_wrists(
        read_description(description), Path(store) / f"{description.stem}-{digest[:12]}" / description.stem
    )
    return read_cohort(folder)
