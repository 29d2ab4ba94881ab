"""The flow of participants adds up."""

import pandas as pd

from fxstudy.cohort import Cohort, assign, participant_flow, split_by_group


def test_found_minus_refused_minus_excluded_is_included(images):
    images.loc[[0, 1], ["split", "exclude_reason"]] = ["exclude", "motion"]
    refused = pd.DataFrame(
        {"image_id": ["x", "y", "z"], "path": "p", "reason": ["truncated: a", "truncated: b", "colour: c"]}
    )
    cohort = assign(Cohort("c", images, root=".", refused=refused), split_by_group(images))
    flow = participant_flow(cohort)
    total = flow.groupby("kind")["n_images"].sum()
    assert total["found"] == 27
    assert total["found"] - total["refused"] - total["excluded"] == total["included"] == total["split"]
    assert flow.loc[flow["kind"] == "refused", "step"].tolist() == ["truncated", "colour"]
    assert flow.loc[flow["kind"] == "excluded", ["step", "n_patients", "fracture"]].values.tolist() == [
        ["motion", 1, 2]
    ]
    split = flow[flow["kind"] == "split"]
    assert split["n_patients"].sum() == 11
    assert (split["none"] + split["fracture"]).sum() == 22
