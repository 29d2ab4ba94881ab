"""One self-contained report from an executed notebook."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup, Tag
from nbformat import NotebookNode

from fxstudy.report.convert import notebook_body
from fxstudy.report.errors import ReportError
from fxstudy.report.page import page, write_page
from fxstudy.report.sanitise import sanitise
from fxstudy.report.scrub import Scrubber

# What nbconvert writes for a picture without a text.
_NO_ALT = "No description has been provided for this image"
_HEADINGS = re.compile(r"^h[1-6]$")


def write_report(
    notebook: Path | str,
    html: Path | str,
    *,
    title: str,
    banner_notes: Sequence[str] = (),
    synthetic: bool = False,
    scrub: Mapping[Path | str, str] | Sequence[Path | str] = (),
    lang: str = "en",
) -> Path:
    """Write the report of a run: one HTML file that opens anywhere and asks no network for anything.

    Prose, figures and tables come first to the eye; code and messages are folded away. A notebook that
    stopped at an error, or that was not executed to its end, says so on top.

    Parameters
    ----------
    notebook : Path
        Executed notebook.
    html : Path
        File to write; its folder is made.
    title : str
        Heading of the report; a first heading of the notebook that only repeats a title is left out.
    banner_notes : sequence of str
        More lines for the top, such as the cohort's name and licence.
    synthetic : bool
        The cohort is synthetic: say so on top and on every printed page.
    scrub : mapping of path to name, or sequence of paths
        Absolute paths that must not appear, such as the root of the images; see `scrub.Scrubber`.
    lang : str
        Language of the notebook's prose.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ReportError
        The notebook cannot be read.
    """
    source = Path(notebook)
    executed = _read(source)
    scrubber = Scrubber(scrub)
    clean = nbformat.from_dict(scrubber.tree(executed))
    soup = notebook_body(clean, folder=str(source.resolve().parent))
    sanitise(soup)
    _fold(soup)
    _drop_title(soup)
    _describe_pictures(soup)
    _number_captions(soup)
    contents = _contents(soup)
    text = page(
        title,
        str(soup),
        contents=contents,
        synthetic=synthetic,
        notes=[scrubber.text(note) for note in banner_notes],
        alarms=_alarms(executed),
        lang=lang,
    )
    return write_page(text, Path(html))


def _read(source: Path) -> NotebookNode:
    try:
        return nbformat.read(source, as_version=4)
    except FileNotFoundError:
        raise ReportError(f"there is no notebook {source.name} to make a report of") from None
    except Exception as error:  # nbformat raises whatever the JSON or the schema raises
        raise ReportError(f"{source.name} is not a readable notebook: {error}") from error


def _alarms(notebook: NotebookNode) -> list[str]:
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    failed = [output for cell in code for output in cell.outputs if output.output_type == "error"]
    skipped = sum(cell.execution_count is None for cell in code)
    alarms = []
    if failed:
        error = f"{failed[0].get('ename', 'Error')}: {str(failed[0].get('evalue', '')).splitlines()[:1]}"
        error = re.sub(r"\['(.*)'\]$|\[\]$", r"\1", error)
        alarms.append(f"This run stopped at an error and is not complete. {Scrubber().text(error)}")
    if skipped:
        alarms.append(f"{skipped} of {len(code)} code cells were not executed: this report is not complete.")
    return alarms


def _fold(soup: BeautifulSoup) -> None:
    """Fold code and messages into closed details, take the prompts away."""
    for prompt in soup.select(".prompt"):
        prompt.decompose()
    for cell in soup.select(".code_cell"):
        classes = " ".join(cell.get("class", []))
        summary = "Parameters" if "parameters" in classes else "Code"
        for code in cell.select(".input_area"):
            if code.get_text().strip():
                _wrap(soup, code, summary, "code")
            else:
                code.decompose()
    for messages in soup.select(".output_stderr"):
        _wrap(soup, messages, "Messages", "messages")
    for trace in soup.select(".output_error"):
        lines = trace.get_text().strip().splitlines()
        last = soup.new_tag("p", attrs={"class": "error"})
        last.string = lines[-1] if lines else "Error"
        trace.insert_before(last)
        _wrap(soup, trace, "Traceback", "messages")


def _wrap(soup: BeautifulSoup, tag: Tag, summary: str, kind: str) -> None:
    details = tag.wrap(soup.new_tag("details", attrs={"class": kind}))
    heading = soup.new_tag("summary")
    heading.string = summary
    details.insert(0, heading)


def _drop_title(soup: BeautifulSoup) -> None:
    """One heading of the first rank to a page: the notebook's own title goes, later ones step down."""
    headings = soup.find_all(_HEADINGS)
    if headings and headings[0].name == "h1":
        headings[0].decompose()
    for heading in soup.find_all("h1"):
        heading.name = "h2"


def _describe_pictures(soup: BeautifulSoup) -> None:
    """Give every picture a text: its own, its caption, or the section in which it stands."""
    for picture in soup.find_all("img"):
        figure = picture.find_parent("figure")
        if figure is None and picture.find_parent(class_="output_area"):
            figure = picture.wrap(soup.new_tag("figure", attrs={"class": "fx-figure"}))
        if picture.get("alt") not in (None, "", _NO_ALT):
            continue
        caption = figure.find("figcaption") if figure else None
        section = picture.find_previous(_HEADINGS)
        named = f"Figure in the section {section.get_text().strip()}" if section else "Figure"
        picture["alt"] = caption.get_text().strip() if caption else named


def _number_captions(soup: BeautifulSoup) -> None:
    for word, tags in (("Figure", soup.find_all("figcaption")), ("Table", soup.find_all("caption"))):
        for number, caption in enumerate(tags, start=1):
            mark = soup.new_tag("span", attrs={"class": "number"})
            mark.string = f"{word} {number}. "
            caption.insert(0, mark)
    for table in soup.find_all("table"):
        table.wrap(soup.new_tag("div", attrs={"class": "table"}))


def _contents(soup: BeautifulSoup) -> str:
    """Number the anchors of the headings and list those of the second and third rank."""
    entries, used = [], set()
    for heading in soup.find_all(("h2", "h3", "h4", "h5", "h6")):
        text = heading.get_text().strip()
        anchor = _anchor(text, used)
        heading["id"] = anchor
        if heading.name in ("h2", "h3"):
            entries.append(f'<li class="{heading.name}"><a href="#{anchor}">{escape(text)}</a></li>')
    return f"<h2>Contents</h2><ol>{''.join(entries)}</ol>" if entries else ""


def _anchor(text: str, used: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "section"
    anchor, number = stem, 2
    while anchor in used or anchor == "report":
        anchor, number = f"{stem}-{number}", number + 1
    used.add(anchor)
    return anchor
