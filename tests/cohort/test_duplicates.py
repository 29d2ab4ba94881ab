"""Films that stand twice are found, with what is wrong about it."""

from fxstudy.cohort import byte_duplicates


def test_equal_files_form_groups(images):
    images["split"] = "train"
    images.loc[5, ["sha256", "split", "label"]] = [images.loc[0, "sha256"], "test", "none"]
    images.loc[7, "sha256"] = images.loc[6, "sha256"]
    found = byte_duplicates(images)
    assert found["image_id"].tolist() == ["000_0", "002_1", "003_0", "003_1"]
    assert found["group"].tolist() == [1, 1, 2, 2]
    assert found["several_labels"].tolist() == [True, True, False, False]
    assert found["several_splits"].tolist() == [True, True, False, False]


def test_files_without_hash_are_no_duplicates(images):
    assert byte_duplicates(images.assign(sha256=None)).empty
