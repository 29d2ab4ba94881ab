"""Measuring text in millimetres before it is drawn."""

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from fxstudy.report.style import FONTS, MM_PER_INCH

_MM_PER_POINT = MM_PER_INCH / 72


def width_mm(text: str, *, size: float, weight: str = "normal") -> float:
    """Width of one line of text in millimetres; `size` in points, in the font of the theme."""
    font = FontProperties(family=FONTS, size=size, weight=weight)
    return text_to_path.get_text_width_height_descent(text, font, False)[0] * _MM_PER_POINT


def line_mm(size: float) -> float:
    """Distance between two lines of text in millimetres."""
    return size * 1.32 * _MM_PER_POINT


def wrap(text: str, available_mm: float, *, size: float, weight: str = "normal") -> list[str]:
    """Break a text into lines no wider than this; a single longer word is cut."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for word in paragraph.split():
            while width_mm(word, size=size, weight=weight) > available_mm and len(word) > 1:
                kept = _longest_start(word, available_mm, size, weight)
                lines += [line] if line else []
                lines.append(word[:kept])
                line, word = "", word[kept:]
            longer = f"{line} {word}".strip()
            if line and width_mm(longer, size=size, weight=weight) > available_mm:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines


def _longest_start(word: str, available_mm: float, size: float, weight: str) -> int:
    kept = len(word) - 1
    while kept > 1 and width_mm(word[:kept], size=size, weight=weight) > available_mm:
        kept -= 1
    return kept
