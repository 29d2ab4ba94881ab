"""Take each film in once: refuse copies, and refuse films that stand under two labels altogether."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from fxstudy.cohort.duplicates import near_duplicates
from fxstudy.cohort.pixels import read_image

Refused = list[tuple[str, str, str]]


def single_films(table: pd.DataFrame, root: Path) -> tuple[pd.DataFrame, Refused]:
    """Rows of films that stand once, and the refused ones as (image_id, path, reason).

    Of byte copies and near copies with one label the first is kept. If copies have different labels nobody
    knows which is right, and all of them are refused. Groups that share a film are joined.

    Parameters
    ----------
    table : DataFrame
        image_id, path, group, sha256, label and thumbnail (`fxstudy.cohort.scan.examine_all`).
    root : Path
        Folder the paths start from.
    """
    table = table.reset_index(drop=True)
    whole = table[["image_id", "sha256", "group"]]
    table, refused = _without_byte_copies(table)
    pairs = near_duplicates(
        table.assign(split=None, patient_id=table["image_id"]),
        table["thumbnail"].tolist(),
        lambda path: read_image(root / path).pixels,
    )
    torn = pairs[pairs["opposite_labels"]]
    reasons: dict[str, str] = {}
    for pair in torn.itertuples():
        for one, other in ((pair.a, pair.b), (pair.b, pair.a)):
            reasons[one] = f"same film under two labels: {other} shows it too, with another label"
    for pair in pairs[~pairs["opposite_labels"]].itertuples():
        if pair.a not in reasons:
            reasons.setdefault(pair.b, f"near duplicate: same film as {pair.a}")
        elif reasons[pair.a].startswith("same film"):
            reasons[pair.b] = f"same film under two labels: copy of {pair.a}"
    links = [*_byte_links(whole), *zip(pairs["a"], pairs["b"], strict=True)]
    table = table.assign(group=merged_groups(whole, links).reindex(table["image_id"]).to_numpy())
    return _refuse(table, reasons, refused)


def _byte_links(table: pd.DataFrame) -> list[tuple[str, str]]:
    first = table.groupby("sha256")["image_id"].transform("first")
    return [(a, b) for a, b in zip(first, table["image_id"], strict=True) if a != b]


def merged_groups(table: pd.DataFrame, links: Iterable[tuple[str, str]]) -> pd.Series:
    """Group of each image after joining the groups that show one film: they are one patient.

    Parameters
    ----------
    table : DataFrame
        image_id and group.
    links : iterable of (image_id, image_id)
        Pairs that show the same film.

    Returns
    -------
    Series
        Group by image_id; joined groups take the name that comes first in the alphabet.
    """
    home = dict(zip(table["image_id"], table["group"], strict=True))
    parent = {group: group for group in home.values()}

    def root(group: str) -> str:
        while parent[group] != group:
            group = parent[group]
        return group

    for a, b in links:
        first, second = sorted((root(home[a]), root(home[b])))
        parent[second] = first
    return pd.Series({image: root(group) for image, group in home.items()}, dtype="str")


def _without_byte_copies(table: pd.DataFrame) -> tuple[pd.DataFrame, Refused]:
    groups = table.groupby("sha256", sort=False)
    torn, first = groups["label"].transform("nunique") > 1, groups["image_id"].transform("first")
    reasons = {}
    for row in table[torn | (first != table["image_id"])].itertuples():
        reasons[row.image_id] = f"byte duplicate: same file as {first[row.Index]}"
        if torn[row.Index]:
            reasons[row.image_id] = "same film under two labels: its byte copy has another label"
    return _refuse(table, reasons, [])


def _refuse(table: pd.DataFrame, reasons: dict[str, str], before: Refused) -> tuple[pd.DataFrame, Refused]:
    bad = table["image_id"].isin(reasons.keys())
    refused = [(row.image_id, row.path, reasons[row.image_id]) for row in table[bad].itertuples()]
    return table[~bad].reset_index(drop=True), before + refused
