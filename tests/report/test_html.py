"""Reports: one file, no script, no request, nothing about this machine, honest about failures."""

import base64
import os
import re
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fxstudy.report.captions import captioned
from fxstudy.report.errors import ReportError
from fxstudy.report.html import write_report
from fxstudy.report.index import write_index
from fxstudy.report.scrub import Scrubber

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def cell(source: str, *outputs: nbformat.NotebookNode, tags: tuple[str, ...] = (), run: bool = True):
    metadata = {"tags": list(tags)} if tags else {}
    return new_code_cell(source, outputs=list(outputs), metadata=metadata, execution_count=1 if run else None)


def display(metadata: dict | None = None, **data: str) -> nbformat.NotebookNode:
    mimes = {name.replace("__", "/").replace("_plus_", "+"): value for name, value in data.items()}
    return new_output("display_data", data=mimes, metadata=metadata or {})


def render(tmp_path: Path, *cells: nbformat.NotebookNode, **options) -> tuple[str, BeautifulSoup]:
    source = tmp_path / "notebook.ipynb"
    nbformat.write(new_notebook(cells=list(cells)), source)
    path = write_report(
        source, tmp_path / "out" / "report.html", title=options.pop("title", "A run"), **options
    )
    text = path.read_text(encoding="utf-8")
    return text, BeautifulSoup(text, "html.parser")


HOSTILE = """
# Title

<script src="https://example.org/a.js">steal()</script>
<img src="https://example.org/pixel.png" alt="tracker" onerror="steal()">
<link rel="stylesheet" href="https://example.org/a.css">
<iframe src="https://example.org"></iframe>
<a href="javascript:steal()">bad</a> <a href="https://doi.org/10.1/x" target="_blank">good</a>
<p style="background: url(https://example.org/b.png); color: red" onclick="steal()">text</p>
<style>@import "https://example.org/c.css"; p { background: url('https://example.org/d.png') }</style>
<svg><image xlink:href="https://example.org/e.png"/></svg><math href="https://example.org/f"></math>
<object data="https://example.org/g"></object><form action="https://example.org/h"><input></form>
"""


class TestSafety:
    def test_nothing_asks_a_network_or_runs(self, tmp_path: Path) -> None:
        widget = display(**{"application/vnd.jupyter.widget-view+json": "{}", "text__plain": "IntSlider()"})
        script = display(application__javascript="steal()", text__html="<script>steal()</script><b>shown</b>")
        text, soup = render(tmp_path, new_markdown_cell(HOSTILE), cell("widget", widget), cell("js", script))
        assert not soup.find_all(["script", "iframe", "link", "object", "embed", "form", "svg", "base"])
        assert not [tag for tag in soup.find_all(True) for name in tag.attrs if name.startswith("on")]
        loading = [
            tag
            for tag in soup.find_all(True)
            for name in ("src", "srcset", "data", "action")
            if tag.get(name)
        ]
        assert all(tag.name == "img" and tag["src"].startswith("data:image/") for tag in loading)
        assert not re.search(r"url\(|@import", text)
        assert "IntSlider" not in text
        assert soup.find("b", string="shown")

    def test_links_stay_for_the_reader_to_follow(self, tmp_path: Path) -> None:
        _, soup = render(tmp_path, new_markdown_cell(HOSTILE))
        link = soup.find("a", string="good")
        assert (link["href"], link["rel"]) == ("https://doi.org/10.1/x", ["noopener", "noreferrer"])
        assert not soup.find("a", string="bad").has_attr("href")

    def test_policy_forbids_everything_but_inline_style_and_embedded_pictures(self, tmp_path: Path) -> None:
        _, soup = render(tmp_path)
        policy = soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
        assert policy.startswith("default-src 'none'")
        assert "img-src data:" in policy
        assert soup.head.find_all("meta").index(soup.find("meta", charset=True)) == 0

    def test_a_picture_that_is_not_embedded_leaves_its_text(self, tmp_path: Path) -> None:
        text, _ = render(tmp_path, new_markdown_cell(HOSTILE))
        assert "[picture not embedded: tracker]" in text

    def test_local_pictures_and_drawings_are_embedded(self, tmp_path: Path) -> None:
        (tmp_path / "film.png").write_bytes(base64.b64decode(PIXEL))
        svg = display(
            image__svg_plus_xml="<svg xmlns='http://www.w3.org/2000/svg'><script>x()</script></svg>"
        )
        _, soup = render(tmp_path, new_markdown_cell("![a film](film.png)"), cell("draw", svg))
        first, second = soup.find_all("img")
        assert first["src"] == f"data:image/png;base64,{PIXEL}"
        assert second["src"].startswith("data:image/svg+xml;base64,")


class TestScrub:
    def test_paths_of_this_machine_disappear(self, tmp_path: Path) -> None:
        data = tmp_path / "hospital" / "films"
        kernel = os.path.join(tempfile.gettempdir(), "ipykernel_123", "456.py")
        said = f"{Path.home()}/a.png {os.getcwd()}/b.png {sys.prefix}/lib {data}/c.dcm {kernel}:3 {data}2/d"
        stream = new_output("stream", name="stdout", text=said)
        text, soup = render(
            tmp_path, cell("x", stream), scrub={data: "<films>"}, banner_notes=[f"images in {data}"]
        )
        shown = soup.find("pre", string=re.compile("a.png")).text
        assert "<films>/c.dcm <cell>:3" in shown
        assert f"{data}2/d" in shown
        for path in (str(Path.home()), os.getcwd(), sys.prefix, kernel):
            assert not re.search(rf"{re.escape(path)}(?![\w-])", text.replace(f"{data}2", ""))
        assert "images in &lt;films&gt;" in text

    def test_error_messages_and_code_are_scrubbed_too(self, tmp_path: Path) -> None:
        error = new_output(
            "error", ename="ImageError", evalue=f"{Path.home()}/x.dcm", traceback=["\x1b[31mat\x1b[0m"]
        )
        text, _ = render(tmp_path, cell(f"read('{Path.home()}/x.dcm')", error))
        assert f"{Path.home()}/x.dcm" not in text
        assert "~/x.dcm" in text

    def test_letters_of_a_picture_are_not_taken_for_a_path(self) -> None:
        home = str(Path.home())
        picture = f"data:image/png;base64,AAAA{home}/BBBB"
        assert Scrubber().text(f"<img src='{picture}'> {home}/x") == f"<img src='{picture}'> ~/x"

    def test_longest_path_wins(self) -> None:
        scrubber = Scrubber({"/data": "<all>", "/data/hip": "<hip>"})
        assert scrubber.text("/data/hip/a /data/b /database") == "<hip>/a <all>/b /database"


class TestContent:
    def test_banners_say_research_use_and_synthetic(self, tmp_path: Path) -> None:
        text, soup = render(tmp_path, synthetic=True)
        banners = [aside.text for aside in soup.select("header .banner")]
        assert any("Not a medical device" in banner and "research use" in banner for banner in banners)
        assert any(banner.startswith("SYNTHETIC DATA") for banner in banners)
        assert text.count("SYNTHETIC DATA") == 2
        plain, _ = render(tmp_path)
        assert "SYNTHETIC DATA" not in plain

    def test_code_and_messages_are_folded_and_closed(self, tmp_path: Path) -> None:
        warning = new_output("stream", name="stderr", text="careful")
        _, soup = render(tmp_path, cell("a = 1", tags=("parameters",)), cell("b = 2", warning))
        folded = soup.find_all("details")
        assert [item.summary.text for item in folded] == ["Parameters", "Code", "Messages"]
        assert not any(item.has_attr("open") for item in folded)

    def test_hidden_cells_and_objects_say_nothing(self, tmp_path: Path) -> None:
        axes = new_output(
            "execute_result", data={"text/plain": "<Axes: title={'left': 'x'}>"}, execution_count=1
        )
        text, _ = render(tmp_path, cell("secret", tags=("remove-cell",)), cell("plot()", axes))
        assert "secret" not in text
        assert "Axes:" not in text

    def test_formulas_become_mathml(self, tmp_path: Path) -> None:
        source = "Youden $J = s + p - 1$, `$5`.\n\n$$\\frac{a}{b}$$"
        latex = display(text__latex="$\\alpha$")
        _, soup = render(tmp_path, new_markdown_cell(source), cell("x", latex))
        assert [tag["display"] for tag in soup.find_all("math")] == ["inline", "block", "block"]
        assert soup.find("code", string="$5")

    def test_one_title_and_a_table_of_contents(self, tmp_path: Path) -> None:
        source = "# Notebook\n\n## Cohort\n\n### Who\n\n## Cohort\n\n# More"
        _, soup = render(tmp_path, new_markdown_cell(source), title="Wrists & films")
        assert [h.text for h in soup.find_all("h1")] == ["Wrists & films"]
        assert soup.title.text == "Wrists & films"
        links = [link["href"] for link in soup.select("nav a")]
        assert links == ["#cohort", "#who", "#cohort-2", "#more"]
        assert all(soup.find(id=link[1:]) for link in links)
        assert soup.html["lang"] == "en"

    def test_every_picture_has_a_text(self, tmp_path: Path) -> None:
        _, ax = plt.subplots()
        figure = captioned(ax, "Curves of both models.", alt="Two curves near the left upper corner")
        cells = [
            new_markdown_cell("## Curves"),
            cell("a", display(text__html=figure._repr_html_())),
            cell("b", display(image__png=PIXEL)),
            cell("c", display({"image/png": {"alt": "a pixel"}}, image__png=PIXEL)),
        ]
        _, soup = render(tmp_path, *cells)
        texts = [picture["alt"] for picture in soup.find_all("img")]
        assert texts == ["Two curves near the left upper corner", "Figure in the section Curves", "a pixel"]
        assert soup.figcaption.text == "Figure 1. Curves of both models."
        assert not plt.get_fignums()

    def test_a_failed_run_is_not_dressed_up(self, tmp_path: Path) -> None:
        error = new_output(
            "error", ename="TrainingError", evalue="loss is nan", traceback=["line", "loss is nan"]
        )
        _, soup = render(tmp_path, cell("train()", error), cell("later()", run=False))
        alarms = [banner.text for banner in soup.select(".banner.alarm")]
        assert "TrainingError: loss is nan" in alarms[0]
        assert alarms[1].startswith("1 of 2 code cells were not executed")

    def test_what_is_no_notebook_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ReportError, match=r"no notebook absent\.ipynb"):
            write_report(tmp_path / "absent.ipynb", tmp_path / "r.html", title="x")
        (tmp_path / "bad.ipynb").write_text("{", encoding="utf-8")
        with pytest.raises(ReportError, match=r"bad\.ipynb is not a readable notebook"):
            write_report(tmp_path / "bad.ipynb", tmp_path / "r.html", title="x")

    def test_only_the_finished_file_is_left(self, tmp_path: Path) -> None:
        render(tmp_path)
        assert [file.name for file in (tmp_path / "out").iterdir()] == ["report.html"]


class TestIndex:
    def test_reports_are_linked_relative_to_the_page(self, tmp_path: Path) -> None:
        report = tmp_path / "runs" / "a b" / "report.html"
        report.parent.mkdir(parents=True)
        report.write_text("x", encoding="utf-8")
        runs = [
            {
                "notebook": "50_wrist_delong",
                "status": "ok",
                "seconds": 192.4,
                "metric_name": "AUC",
                "metric": 0.95412,
            }
            | {"report": str(report)},
            {
                "notebook": "90_compare",
                "status": "failed",
                "error": "<b>bad</b>\nmore",
                "report": tmp_path / "no.html",
            },
        ]
        soup = BeautifulSoup(
            write_index(runs, tmp_path / "index.html").read_text(encoding="utf-8"), "html.parser"
        )
        assert [link["href"] for link in soup.select("table a")] == ["runs/a%20b/report.html"]
        assert "AUC 0.954" in soup.table.text
        assert "3 min 12 s" in soup.table.text
        assert soup.find("b") is None
        assert "1 of 2 runs did not end well" in soup.select_one(".alarm").text
        assert "Not a medical device" in soup.header.text
