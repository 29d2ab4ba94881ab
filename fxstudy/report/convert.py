"""Notebook to HTML fragment through nbconvert, without anything that needs a script."""

import base64
import re
from html import escape
from typing import Any

import nbformat
from bs4 import BeautifulSoup
from jinja2 import pass_context
from latex2mathml.converter import convert as latex_to_mathml
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

_KEPT = ("text/html", "image/png", "image/jpeg", "image/svg+xml", "text/markdown", "text/latex", "text/plain")
# What matplotlib's objects print of themselves says nothing to a reader.
_OBJECT = re.compile(r"^(?:array\(\[+)?<(?:Axes|Figure|matplotlib\.)", re.IGNORECASE)
_HIDDEN_TAGS = frozenset(("remove_cell", "remove-cell", "hide_cell", "hide-cell"))


def notebook_body(notebook: NotebookNode, *, folder: str = "") -> BeautifulSoup:
    """HTML of the cells, as a parsed fragment.

    Parameters
    ----------
    notebook : NotebookNode
        Executed notebook, version 4; left as it is.
    folder : str
        Where the notebook lies: pictures in its text are embedded from there.
    """
    ready = _prepared(notebook)
    exporter = _Exporter(template_name="basic", embed_images=True, exclude_anchor_links=True)
    body, _ = exporter.from_notebook_node(ready, resources={"metadata": {"path": folder}})
    return BeautifulSoup(body, "html.parser")


def math(latex: str, *, block: bool) -> str:
    """MathML of a formula; a formula that cannot be read stays as text."""
    try:
        return latex_to_mathml(latex.strip(), display="block" if block else "inline")
    except Exception:  # latex2mathml raises many unrelated kinds of error for LaTeX that it does not know
        return f"<code>{escape(latex)}</code>"


class _Renderer(IPythonRenderer):
    """Markdown with its formulas as MathML."""

    def block_math(self, body: str) -> str:
        return math(body, block=True)

    def inline_math(self, body: str) -> str:
        return math(body, block=False)

    def latex_environment(self, name: str, body: str) -> str:
        return math(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)

    def block_mermaidjs(self, code: str) -> str:
        return f"<pre>{escape(code.strip())}</pre>"


class _Exporter(HTMLExporter):
    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Markdown to HTML with the renderer above."""
        renderer = _Renderer(
            escape=False,
            attachments=context.get("cell", {}).get("attachments", {}),
            embed_images=self.embed_images,
            path=context.get("resources", {}).get("metadata", {}).get("path", ""),
            exclude_anchor_links=True,
        )
        return MarkdownWithMath(renderer=renderer).render(source)


def _prepared(notebook: NotebookNode) -> NotebookNode:
    """A copy without hidden cells and widgets, its outputs in forms that a still page can show."""
    ready = nbformat.from_dict(notebook.copy())
    ready.cells = [nbformat.from_dict(cell.copy()) for cell in notebook.cells if not _hidden(cell)]
    ready.metadata = nbformat.from_dict({k: v for k, v in notebook.metadata.items() if k != "widgets"})
    for cell in ready.cells:
        if cell.cell_type == "code":
            cell.outputs = [still for output in cell.outputs if (still := _still(output)) is not None]
    return ready


def _hidden(cell: NotebookNode) -> bool:
    return bool(_HIDDEN_TAGS & set(cell.get("metadata", {}).get("tags", ())))


def _still(output: NotebookNode) -> NotebookNode | None:
    """The output in its best still form, or None where nothing is left."""
    if output.output_type not in ("display_data", "execute_result"):
        return output
    data = {mime: _text(output.data[mime]) for mime in _KEPT if mime in output.data}
    interactive = any("widget" in mime or "javascript" in mime for mime in output.data)
    if interactive and not set(data) - {"text/plain"}:
        return None
    alt = str(output.get("metadata", {}).get("image/svg+xml", {}).get("alt", ""))
    if "image/svg+xml" in data and "image/png" not in data:
        encoded = base64.b64encode(data.pop("image/svg+xml").encode()).decode()
        data["text/html"] = f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{encoded}">'
    if "text/latex" in data and "text/html" not in data:
        data["text/html"] = math(re.sub(r"^\$+|\$+$", "", data.pop("text/latex").strip()), block=True)
    if not data or _OBJECT.match(data.get("text/plain", "")) and len(data) == 1:
        return None
    return nbformat.from_dict({**output, "data": data})


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)
