"""Pages from hostile hands: what is stored is read as damage, shown as text, or refused."""

import copy
import io
import zipfile
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from flowstore.apps import upload_app
from frames.payloads import CountingPayloads

from nacre.errors import CorruptionError
from nacre_adapters.flowstore import run_flow
from nacre_adapters.flowstore.codecs import Codecs
from nacre_adapters.flowstore.pages import (
    AssetSelection,
    Card,
    CustomEvent,
    DataSource,
    DataSourceDropdown,
    DateTimeRange,
    Dropdown,
    InvalidPage,
    MultiDropdown,
    NumericRange,
    Page,
    Plot,
    RichText,
    Row,
    Section,
    Table,
    TextInput,
)
from nacre_adapters.flowstore.pages.document import page_of_plain, page_to_plain

CODECS = Codecs(CountingPayloads())
FRAME = pd.DataFrame({"a": [1, 2]})
ELEMENTS = [
    lambda: RichText("x", "r"),
    lambda: Table(FRAME, "t"),
    lambda: Plot("no figure", "p"),
    lambda: TextInput("a", "ti"),
    lambda: Dropdown({"a": 1}, "d", selected="a"),
    lambda: MultiDropdown(["a", "b"], "m"),
    lambda: NumericRange(0, 5, "n"),
    lambda: DateTimeRange(datetime(2026, 1, 1), datetime(2026, 2, 1), "dt"),
    lambda: DataSource("ds"),
    lambda: CustomEvent("ce"),
    lambda: AssetSelection(title="as"),
    lambda: DataSourceDropdown(title="dsd"),
]
ODD = [None, 5, "<script>", [{"commenter": 5}], {"a": 1}]


def plain(*elements) -> dict:
    return page_to_plain(Page("p", [Section("s", [Card("c", elements)])]), CODECS)


def use(page: dict) -> None:
    """Do everything that one does with a page that was read."""
    try:
        read = page_of_plain(page, CODECS)
    except CorruptionError:
        return
    page_to_plain(read, CODECS)
    html = pytest.importorskip("nacre_adapters.flowstore.pages.html")
    assert "<script" not in html.render_page(read)


@pytest.mark.parametrize("make", ELEMENTS)
def test_an_odd_attribute_is_damage_or_is_shown(make) -> None:
    page = plain(make())
    (element,) = page["sections"][0]["cards"][0]["content"]
    state = CODECS.decode(element["state"])

    for name in [*state, "get_value", "set_value", "__class__", "type"]:
        for value in ODD:
            element["state"] = CODECS.encode({**state, name: value}).to_data()
            use(page)
        element["state"] = CODECS.encode({k: v for k, v in state.items() if k != name}).to_data()
        use(page)


def test_an_odd_structure_is_damage_or_is_shown() -> None:
    row = Row([RichText("x"), TextInput("y")], [1, 2])
    row.items[1].add_comment("ana", "why?")
    page = plain(row, TextInput("z"))

    for path in list(paths(page)):
        for value in (None, "<script>", [float("nan")]):
            changed = copy.deepcopy(page)
            place = changed
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = value
            use(changed)


def paths(node, path=()):
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, part in pairs:
        yield (*path, key)
        if isinstance(part, dict | list) and key != "state":
            yield from paths(part, (*path, key))


def test_a_page_of_many_levels_is_damage() -> None:
    page = plain(RichText("x"))
    card = page["sections"][0]["cards"][0]
    for _ in range(3000):
        card["content"] = [{"group": "row", "ratio": None, "items": card["content"]}]

    with pytest.raises(CorruptionError):
        page_of_plain(page, CODECS)


@pytest.mark.parametrize(
    ("name", "value"), [("title", 5), ("comments", "none"), ("get_value", 7), ("value", FRAME)]
)
def test_what_could_not_be_read_is_not_written(name: str, value: object) -> None:
    element = TextInput("a")
    vars(element)[name] = value

    with pytest.raises(InvalidPage, match="cannot be stored: it"):
        plain(element)


def test_a_title_is_text() -> None:
    with pytest.raises(InvalidPage, match="where a title or description should"):
        page_to_plain(Page("p", [Section(5)]), CODECS)  # type: ignore[arg-type]


def test_a_figure_is_cut_and_says_so_and_an_odd_one_is_not_drawn() -> None:
    go = pytest.importorskip("plotly.graph_objects")
    html = pytest.importorskip("nacre_adapters.flowstore.pages.html")
    long = go.Figure(go.Scatter(y=list(range(6000))))
    odd = [
        go.Figure({"data": [{"y": {"bdata": "!!", "dtype": "O"}}]}, skip_invalid=True),
        go.Figure(go.Scatter(y=[10**400, 1])),
    ]

    shown = html.render_page(Page("p", [Section("s", [Card("c", [Plot(long)])])]))
    others = html.render_page(Page("p", [Section("s", [Card("c", [Plot(each) for each in odd])])]))

    assert "the first 5,000 points" in shown
    assert others.count("not drawn here") == 2


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(50 << 20))
    return file.getvalue()


def not_a_workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", b"<no")
        archive.writestr("[Content_Types].xml", b"<no")
    return file.getvalue()


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"noise", bomb(), not_a_workbook()], ids=len)
def test_an_upload_that_is_no_workbook_is_refused(content: bytes, tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    app = upload_app()
    app.steps[0].page = Page("Upload", [Section("", [])])

    with pytest.raises(InvalidPage, match="is no table"):
        run_flow(
            with_options(app, ["xlsx"]),
            {"Upload": {"Dataset": ("a.xlsx", content)}},
            store=tmp_path / "v",
        )


def with_options(app, options):
    card = Card("Data", [DataSource("Dataset", options=options)])
    app.steps[0].page = Page("Upload", [Section("", [card])])
    app.steps[0].run = lambda flow_metadata: None
    return app
