"""Take this machine's paths out of a text."""

import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_KERNEL_FILE = re.compile(re.escape(tempfile.gettempdir()) + r"[/\\]+ipykernel_\d+[/\\]+\d+\.py")
# The letters of an embedded picture may spell a path by chance and must stay as they are.
_PICTURE = re.compile(r"(data:image/[\w.+-]+;base64,[A-Za-z0-9+/=]*)")


class Scrubber:
    """Replaces absolute paths of this machine by names that mean the same to every reader.

    Parameters
    ----------
    paths : mapping of path to name, or sequence of paths
        For instance ``{"/data/hospital": "<data>"}``; a path without a name becomes ``<data>``.
        The home folder (``~``), the working folder (``.``) and the environment of Python
        (``<python>``) are always replaced.
    """

    def __init__(self, paths: Mapping[Path | str, str] | Sequence[Path | str] = ()):
        given = paths if isinstance(paths, Mapping) else dict.fromkeys(paths, "<data>")
        named: dict[str, str] = {}
        standard = {sys.prefix: "<python>", os.getcwd(): ".", str(Path.home()): "~"}
        for path, name in {**standard, **{str(path): name for path, name in given.items()}}.items():
            for form in _forms(path):
                named[form] = name
        self._names = named
        longest_first = sorted(named, key=len, reverse=True)
        body = "|".join(re.escape(path) for path in longest_first)
        self._pattern = re.compile(rf"(?<![\w.-])(?:{body})(?![\w-])") if body else None

    def text(self, text: str) -> str:
        """The text without the paths; embedded pictures are left alone."""
        parts = _PICTURE.split(text)
        parts[::2] = [self._replace(part) for part in parts[::2]]
        return "".join(parts)

    def _replace(self, text: str) -> str:
        text = _KERNEL_FILE.sub("<cell>", text)
        return self._pattern.sub(lambda found: self._names[found.group()], text) if self._pattern else text

    def tree(self, value: Any) -> Any:
        """The same for every text inside lists and mappings, such as a notebook; pictures stay untouched."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                key: item if str(key).startswith("image/") and key != "image/svg+xml" else self.tree(item)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.tree(item) for item in value]
        return value


def _forms(path: str) -> set[str]:
    """A path as given, resolved, with forward slashes and as it stands inside quoted strings."""
    forms = {os.path.normpath(path), os.path.realpath(path)}
    forms |= {form.replace("\\", "\\\\") for form in forms} | {form.replace("\\", "/") for form in forms}
    return {form for form in forms if len(Path(form).parts) > 1}
