"""The parameters cell is the only schema; oracle: papermill's silent conversions, all to be refused."""

import math

import numpy as np
import pytest

from fxstudy.errors import ParameterError, RunError
from fxstudy.runs import check, read_schema

CELL = """
# Comments stand where they like.
seed: int = 3  # drawn once
rate: float = 1  # learning rate
network: str = "resnet18"  # timm's name
url: str = "site == 'A' # not a comment"
mirror: bool = False
sizes: list[int] = [
    256,
    128,  # rows, columns
]
limit: int | None = None  # none: all
names: list[str] | None = ["a"]  # arms
"""


def schema(project, cell=CELL):
    return read_schema(project.write(parameters=cell))


def test_cell_gives_names_types_defaults_and_help(project):
    found = {p.name: (p.type, p.default, p.help) for p in schema(project)}
    assert found == {
        "seed": ("int", 3, "drawn once"),
        "rate": ("float", 1.0, "learning rate"),
        "network": ("str", "resnet18", "timm's name"),
        "url": ("str", "site == 'A' # not a comment", ""),
        "mirror": ("bool", False, ""),
        "sizes": ("list[int]", [256, 128], ""),
        "limit": ("int | None", None, "none: all"),
        "names": ("list[str] | None", ["a"], "arms"),
    }
    assert type(found["rate"][1]) is float


def test_values_take_defaults_and_int_becomes_float(project):
    values = check(schema(project), {"rate": 2, "limit": 5, "names": None})
    assert list(values) == ["seed", "rate", "network", "url", "mirror", "sizes", "limit", "names"]
    assert values["rate"] == 2.0 and type(values["rate"]) is float
    assert values["limit"] == 5 and values["names"] is None


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("seed", "7", "must be int, not the text '7'; leave out the quotes"),
        ("seed", True, "must be int, not bool True"),
        ("seed", 3.0, "must be int, not float 3.0"),
        ("seed", None, "must be int, not NoneType None"),
        ("seed", np.int64(3), "numpy.int64"),
        ("rate", np.float32(3), "numpy.float32"),
        ("rate", "1e-4", "write it with a point"),
        ("rate", math.nan, "finite"),
        ("mirror", 1, "must be bool"),
        ("sizes", (1, 2), "must be list.int., not tuple"),
        ("sizes", [1, "2"], "item 2: must be list.int., not the text '2'"),
        ("names", "a", "must be list.str. . None, not the text 'a'"),
        ("netwrok", "x", "did you mean network"),
        ("api_token", "x", "looks like a secret"),
    ],
)
def test_value_that_papermill_would_let_through_is_refused(project, name, value, message):
    with pytest.raises(ParameterError, match=message):
        check(schema(project), {name: value})


def test_all_wrong_values_stand_in_one_error(project):
    with pytest.raises(ParameterError, match="params.yaml: 3 of") as caught:
        check(schema(project), {"seed": "7", "sede": 1, "mirror": "yes"}, where="params.yaml")
    assert [fault.where for fault in caught.value.faults] == ["seed", "sede", "mirror"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x = 3", "must be written"),
        ("x: int", "needs a value"),
        ("x: int = 2 * 3", "must be a literal"),
        ("x: dict = {}", "one of the types"),
        ("x: int | str = 3", "one of the types"),
        ("x: int = 'a'", "must be int"),
        ("x: tuple = (1, 2)", "one of the types"),
        ("import os", "must be written"),
        ("x: int = 1\nx: int = 2", "written twice"),
        ("password: str = ''", "looks like a secret"),
        ("x: int = ", "is not Python"),
    ],
)
def test_line_of_another_form_is_refused(project, line, message):
    with pytest.raises(ParameterError, match=message):
        schema(project, line)


def test_notebook_without_parameters_cell_is_refused(project):
    path = project.write()
    path.write_text(path.read_text().replace('"parameters"', '"other"'))
    with pytest.raises(RunError, match="exactly one code cell tagged 'parameters', not 0"):
        read_schema(path)
