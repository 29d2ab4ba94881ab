"""Tables about trained networks: what they started from, and how much repeated trainings differ."""

from collections.abc import Mapping

import pandas as pd

from fxstudy.learning import Trained, count_parameters
from fxstudy.report.tables import ReportTable
from fxstudy.stats import accuracy_table, auc, score_table, youden_threshold

_MEASURES = ("sensitivity", "specificity", "ppv", "npv", "accuracy")


def network_table(trained: Mapping[str, Trained], *, caption: str = "") -> ReportTable:
    """What each network is, what it started from, and how its training went.

    Parameters
    ----------
    trained : mapping of name to Trained
    caption : str
    """
    rows, numbers = [], []
    for name, result in trained.items():
        facts, parameters = result.network.facts, count_parameters(result.network)
        seconds = float(result.history["seconds"].sum())
        rows.append(
            {
                "Network": name,
                "Parameters": f"{parameters / 1e6:.1f} million",
                "Started from": facts.source,
                "Kept epoch": f"{result.kept_epoch} of {len(result.history)}",
                "Arithmetic": f"{result.precision} on {result.device}",
                "Training": f"{seconds / 60:.1f} min",
            }
        )
        numbers.append(
            {
                "network": name,
                "parameters": parameters,
                "weights": facts.source,
                "weights_sha256": facts.sha256,
                "weights_licence": facts.licence,
                "weights_note": facts.note,
                "tensors_loaded": facts.loaded,
                "tensors_fresh": facts.fresh,
                "kept_epoch": result.kept_epoch,
                "epochs": len(result.history),
                "precision": result.precision,
                "device": result.device,
                "seconds": seconds,
            }
        )
    notes = tuple(
        f"{name}: {result.network.facts.note}."
        for name, result in trained.items()
        if result.network.facts.note
    )
    return ReportTable(pd.DataFrame(rows), pd.DataFrame(numbers), caption, notes)


def repeat_table(predictions: pd.DataFrame, *, positive: str, split: str = "test") -> pd.DataFrame:
    """Every training's figures: threshold chosen on its own tuning scores, applied to the test.

    Parameters
    ----------
    predictions : DataFrame
        Long table with the columns model, repeat, split, label, score_fracture.
    positive : str
        Label of the positive class.
    split : str
        Which split is the test.

    Returns
    -------
    DataFrame
        model, repeat, threshold, sensitivity, specificity, ppv, npv, accuracy, auc: proportions.
    """
    rows = []
    models = list(dict.fromkeys(predictions["model"]))
    for repeat in dict.fromkeys(predictions["repeat"]):
        tune, test = (score_table(predictions, split=part, repeat=repeat) for part in ("tune", split))
        chosen, truth = (part["label"].eq(positive).astype(int) for part in (tune, test))
        for model in models:
            threshold = youden_threshold(chosen, tune[model], chosen_on="tune")
            table = accuracy_table(truth, test[model], threshold)
            row = {"model": model, "repeat": repeat, "threshold": threshold.value}
            row |= {measure: getattr(table, measure).estimate for measure in _MEASURES}
            rows.append(row | {"auc": auc(truth, test[model]).estimate})
    return pd.DataFrame(rows)
