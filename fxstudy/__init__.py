"""fxstudy: rerun published fracture-AI studies on radiographs and compare the results."""

__version__ = "0.1.0"
