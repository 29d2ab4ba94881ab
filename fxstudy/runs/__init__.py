"""How studies are rerun: parameters, keys, records, plans, batches of notebooks."""

from importlib import import_module

_HOME = {
    "open_run": "session",
    "Run": "session",
    "Parameter": "parameters",
    "read_schema": "parameters",
    "check": "parameters",
    "run_plan": "batch",
    "run_notebook": "batch",
    "BatchResult": "outcome",
    "Outcome": "outcome",
    "read_plan": "plan",
    "Plan": "plan",
    "RunSpec": "plan",
    "why": "skip",
    "execute_request": "execute",
    "RunRecord": "record",
    "read_record": "record",
    "status": "reading",
    "collect": "reading",
    "find_run": "reading",
    "load_predictions": "reading",
    "ClusterEngine": "cluster",
    "export_bundle": "bundle",
    "export_crate": "crate",
    "LocalEngine": "engines",
    "find_garbage": "gc",
    "remove": "gc",
    "find_root": "project",
    "find_cohort": "inputs",
    "find_weights": "inputs",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    """Load a public name when it is first used: a notebook's kernel starts without the batch machinery."""
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
