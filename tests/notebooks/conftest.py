"""A project of its own for running notebooks: the real code, its own results."""

import pytest


@pytest.fixture(scope="session")
def project(repository, tmp_path_factory):
    """Folder that looks like the checkout, with an empty runs/."""
    root = tmp_path_factory.mktemp("project")
    for name in ("fxstudy", "notebooks", "params", "data_manifest", "requirements.lock", "tests"):
        (root / name).symlink_to(repository / name)
    return root
