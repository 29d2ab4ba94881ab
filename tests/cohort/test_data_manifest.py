"""The descriptions of public data sets and the hospital's template are complete and true."""

import hashlib

import pytest
import yaml

from fxstudy.cohort import import_grazpedwri, import_mura
from fxstudy.cohort.columns import IMAGES

PUBLIC = ("fracatlas", "grazpedwri", "mura")


def described(repository, name) -> dict:
    return yaml.safe_load(
        (repository / "data_manifest" / "public" / f"{name}.yaml").read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("name", PUBLIC)
def test_each_public_set_says_where_it_is_and_what_may_be_done_with_it(repository, name):
    facts = described(repository, name)
    needed = {"name", "title", "where", "licence", "citation", "files", "expected", "known_faults", "import"}
    assert needed <= set(facts)
    assert facts["name"] == name
    assert facts["import"].startswith(f"fxstudy cohort import {name} ")
    assert "http" not in str(facts)


def test_counts_of_graz_are_those_of_its_table(repository, shared_data):
    facts = described(repository, "grazpedwri")
    table = shared_data / "grazpedwri" / "dataset.csv"
    assert hashlib.sha256(table.read_bytes()).hexdigest() == facts["sha256"]["dataset.csv"]
    images = import_grazpedwri(shared_data / "grazpedwri", files=False, fractions=None).cohort.images
    assert len(images) == facts["expected"]["images"]
    assert images["patient_id"].nunique() == facts["expected"]["patients"]
    assert images["label"].eq("fracture").sum() == facts["expected"]["fracture"]


def test_counts_of_mura_are_those_of_its_tables(repository, shared_data):
    expected = described(repository, "mura")["expected"]
    split = import_mura(shared_data / "mura", files=False, region="all").cohort.images["split"]
    assert len(split) == expected["images"]
    assert split.eq("test").sum() == expected["test"]
    assert split.ne("test").sum() == expected["train"]


def test_the_template_uses_names_of_the_schema(repository):
    folder = repository / "data_manifest" / "hospital_template"
    header = (folder / "labels.csv").read_text(encoding="utf-8").strip().split(",")
    assert set(header) <= set(IMAGES.names)
    facts = yaml.safe_load((folder / "cohort.yaml").read_text(encoding="utf-8"))
    assert facts["positive"] in facts["classes"]
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in readme for name in header)
