"""A page as HTML: whole, escaped, and nothing in it runs."""

import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from flowstore.apps import FLIGHTS, upload_app

from nacre_adapters.flowstore import run_flow, use_store
from nacre_adapters.flowstore.pages import (
    Card,
    Dropdown,
    Image,
    Page,
    Plot,
    RichText,
    Row,
    Section,
    Table,
    TextInput,
)

pytest.importorskip("jinja2")
EVIL = "<script>alert(1)</script>\"' onload=alert(2) {{ 7*7 }}"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome-headless-shell")


def render(page: Page) -> str:
    module = pytest.importorskip("nacre_adapters.flowstore.pages.html")
    return module.render_page(page)


class Tags(HTMLParser):
    """What tags and attributes there are, and whether tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attributes]
        if tag not in ("meta", "img", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag != "polyline":
            assert self.open.pop() == tag


def page_of(*elements) -> Page:
    return Page(EVIL, [Section(EVIL, [Card(EVIL, elements, EVIL, EVIL)], description=EVIL)])


def test_everything_is_escaped() -> None:
    go = pytest.importorskip("plotly.graph_objects")
    text = TextInput(EVIL, EVIL, EVIL)
    text.add_comment(EVIL, EVIL)
    text.id = EVIL
    frame = pd.DataFrame({EVIL: [EVIL, None]})
    figure = go.Figure(go.Scatter(x=[1, 2], y=[3, 4], name=EVIL))

    html = render(
        page_of(text, Table(frame, EVIL), Plot(figure, EVIL), Dropdown([EVIL], EVIL, selected=EVIL))
    )

    found = Tags(html)
    assert found.open == []
    assert "script" not in found.tags
    assert not [name for name in found.attributes if name.startswith("on")]
    assert html.count("{{ 7*7 }}") > 10
    assert html.count("&lt;script&gt;") > 10


def test_all_elements_are_shown() -> None:
    images = pytest.importorskip("PIL.Image")
    figures = pytest.importorskip("matplotlib.figure")
    figure = figures.Figure(figsize=(1, 1))
    row = Row([RichText("left words"), RichText("right words")], [2, 1])

    html = render(
        page_of(
            row, Image(images.new("RGB", (2, 2))), Plot(figure), Plot("nothing"), Table(FLIGHTS)
        )
    )

    found = Tags(html)
    assert found.open == []
    assert found.tags.count("img") == 2
    assert found.tags.count("td") == FLIGHTS.size
    assert html.index("left words") < html.index("right words")
    assert "not drawn here" in html


def test_a_long_table_is_cut_and_says_so() -> None:
    html = render(page_of(Table(pd.DataFrame({"a": range(100_000)}))))

    assert "200 of 100000 rows" in html
    assert len(html) < 30_000


def test_a_page_of_a_run_is_looked_at_in_a_browser(tmp_path: Path) -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("no Chromium is installed")
    csv = tmp_path / "flights.csv"
    FLIGHTS.to_csv(csv, index=False)
    with use_store(tmp_path / "flows.vault"):
        run = run_flow(upload_app(), {"Upload": {"Dataset": csv}})
        (tmp_path / "page.html").write_text(run.html("Results"))
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    shot = f"--screenshot={tmp_path / 'page.png'}"

    url = (tmp_path / "page.html").as_uri()
    dom = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    subprocess.run([*command[:-1], shot, url], capture_output=True, check=True)

    assert "<td>JFK</td>" in dom
    assert (tmp_path / "page.png").stat().st_size > 2000
