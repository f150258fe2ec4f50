"""Pages: what is on them, what changes in them, and what may be entered."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from flowstore.apps import choice_page

from nacre_adapters.flowstore import Asset, AssetType, StoreInterface, events, use_store
from nacre_adapters.flowstore.pages import (
    AssetSelection,
    Card,
    CardNotFoundException,
    Column,
    CustomEvent,
    DataSourceDropdown,
    DateTimeRange,
    Dropdown,
    ElementNotFound,
    Image,
    InvalidPage,
    MultiDropdown,
    NumericRange,
    NumericSlider,
    Page,
    PlotlyPlot,
    RichText,
    Row,
    Section,
    SingleDropdown,
    Table,
    TextInput,
)

PNG = b"\x89PNG\r\n\x1a\n rest"


@pytest.fixture
def store(tmp_path: Path):
    with use_store(tmp_path / "flows.vault"):
        yield StoreInterface("flow", "ana", "Step")


def shown(store: StoreInterface, *elements) -> Page:
    """A stored page with one card of elements, read again."""
    store.update_page(Page("p", [Section("", [Card("c", elements)])]))
    return store.get_page()


def test_every_element_comes_back_as_it_was(store: StoreInterface) -> None:
    go = pytest.importorskip("plotly.graph_objects")
    frame = pd.DataFrame({"id": [1, 2], "when": pd.to_datetime(["2026-01-01", "2026-01-02"])})
    table = Table(frame, "t", editable=True)
    table.selected_rows = [1]
    elements = [
        RichText("<b>words</b>", "r"),
        table,
        PlotlyPlot(go.Figure(go.Scatter(y=[1, 2])), "plot"),
        Image(PNG, "i"),
        Row([TextInput("x", "a"), Column([TextInput("y", "b")])], ratio=[2, 1]),
    ]

    page = shown(store, *elements)

    card = page.get_card_by_title("c")
    assert [each.title for each in card.get_elements()] == ["r", "t", "plot", "i", "a", "b"]
    back = page.find("t")
    pd.testing.assert_frame_equal(back.get_df(), frame)
    assert back.get_selected_data()["id"].tolist() == [2]
    assert page.find("plot").content == elements[2].content
    assert page.find("i").content.content == PNG
    assert card.content[4].ratio == [2, 1]
    assert [each.id for each in page.elements] == [each.id for each in _flat(elements)]


def _flat(elements):
    return list(Card("c", elements).elements())


def test_a_page_is_a_copy_until_it_is_stored(store: StoreInterface) -> None:
    page = shown(store, TextInput("x", "a"))
    page.remove_all_cards("")
    page.title = "other"

    assert [card.title for card in store.get_page().cards] == ["c"]


def test_the_log_tells_which_elements_changed(store: StoreInterface) -> None:
    page = shown(store, TextInput("x", "a"), TextInput("y", "b"), TextInput("z", "c"))
    a, b, c = page.elements
    a.description = "changed"
    page.get_card_by_title("c").remove_item("b")
    page.force_update_elements([c])
    new = RichText("new")
    page.get_card_by_title("c").add_content(new)

    store.update_page(page)

    told = list(store.place.vault.events(kind=events.PAGE_UPDATED))[-1].data["summary"]
    assert told == {"added": [new.id], "changed": sorted([a.id, c.id]), "removed": [b.id]}


def test_the_same_page_again_changes_nothing(store: StoreInterface) -> None:
    store.update_page(shown(store, Table(pd.DataFrame({"a": np.arange(5000)}), "t")))

    told = list(store.place.vault.events(kind=events.PAGE_UPDATED))[-1].data["summary"]
    assert told == {"added": [], "changed": [], "removed": []}


def test_replacing_five_times_leaves_one_card(store: StoreInterface) -> None:
    for number in range(5):
        page = store.get_page()
        page.replace_content_in_section([RichText(f"{number}")], "", "Result")
        store.update_page(page)

    (card,) = store.get_page().cards
    assert card.get_elements()[0].content == "4"


def test_what_a_page_does_not_have_is_a_value_error() -> None:
    page = choice_page()

    for call in (
        lambda: page.get_section_by_title("x"),
        lambda: page.add_card_to_section(Card("c"), "x"),
        lambda: page.remove_card("x", "Choices"),
        lambda: page.get_element_by_title("x"),
        lambda: page.get_element_by_id("x"),
        lambda: page.get_card_by_title("Choices").update_item("x", RichText()),
        lambda: page.get_card_by_title("Choices").remove_item("x"),
    ):
        with pytest.raises(ElementNotFound) as caught:
            call()
        assert isinstance(caught.value, ValueError)
    with pytest.raises(CardNotFoundException):
        page.get_card_by_id("x")
    with pytest.raises(InvalidPage, match="needs the id or the title"):
        page.update_card_title("new")
    page.remove_card("Choices", "no such card")
    page.get_card_by_title("Choices").remove_item("x", quiet=True)
    assert page.find("x", quiet=True) is None


def test_cards_and_items_change() -> None:
    page = choice_page()
    card = page.get_card_by_title("Choices")

    card.update_item("Name", TextInput("new", "Other"))
    page.update_card_title("Options", card_title="Choices")
    page.add_content_to_section(RichText("x"), "Choices", "More")

    assert [each.title for each in page.cards] == ["Options", "More"]
    assert page.find("Other").get_value() == "new"
    assert not page.has_required_input()
    page.remove_all_cards("Choices", index=1)
    assert [each.title for each in page.cards] == ["Options"]


def test_names_are_unique(store: StoreInterface) -> None:
    with pytest.raises(InvalidPage, match="two sections of the page are called 'a'"):
        store.update_page(Page("p", [Section("a"), Section("a")]))
    twice = [TextInput(reference_id="x"), TextInput(reference_id="x")]
    with pytest.raises(InvalidPage, match="two elements of the page are called 'x'"):
        store.update_page(Page("p", [Section("a", [Card("c", twice)])]))
    with pytest.raises(InvalidPage, match="takes a Page"):
        store.update_page("page")
    with pytest.raises(InvalidPage, match="stands on a card"):
        store.update_page(Page("p", [Section("a", [Card("c", ["words"])])]))


def test_the_first_of_two_titles_is_found_and_a_reference_before_a_title(store) -> None:
    first, second = TextInput("1", "same"), TextInput("2", "same", reference_id="other")
    third = TextInput("3", "other")
    shown(store, first, third, second)

    assert store.get_element_value("Step", "same") == "1"
    assert store.get_element_value("Step", "other") == "2"
    assert store.get_element_by_id("Step", third.id).get_value() == "3"
    assert store.get_element("Step", "nothing", quiet=True) is None
    assert store.get_element_value("Step", "nothing", True) is None
    with pytest.raises(ValueError, match="no element 'nothing'"):
        store.get_element("Step", element_title="nothing")


def test_what_only_shows_has_no_value(store: StoreInterface) -> None:
    shown(store, RichText("x", "words"), CustomEvent("press"))

    with pytest.raises(ValueError, match="has no value"):
        store.get_element_value("Step", "words")
    assert store.get_element_value("Step", "press") is None


VALUES = [
    (lambda: TextInput("a", "x"), "a", "b", "b", 5),
    (lambda: Dropdown(["a", "b"], "x"), None, "b", "b", "c"),
    (lambda: SingleDropdown({"A": 1, "B": 2}, "x", selected="A"), 1, "B", 2, 2),
    (lambda: MultiDropdown(["a", "b", "c"], "x"), [], ["b", "a"], ["b", "a"], ["d"]),
    (lambda: MultiDropdown([1, 2, 3], "x", max_selections=1), [], [3], [3], [1, 2]),
    (lambda: NumericSlider(0, 5, "x", selected=2), 2, 3.5, 3.5, 6),
    (
        lambda: NumericRange(0, 5, "x", min_selection=1),
        {"min": 1, "max": 5},
        {"max": 4},
        {"min": 1, "max": 4},
        {"min": 5, "max": 4},
    ),
    (
        lambda: DateTimeRange(datetime(2026, 1, 1), datetime(2026, 2, 1), "x"),
        {"min": "2026-01-01T00:00:00+00:00", "max": "2026-02-01T00:00:00+00:00"},
        {"min": datetime(2026, 1, 5, tzinfo=UTC)},
        {"min": "2026-01-05T00:00:00+00:00", "max": "2026-02-01T00:00:00+00:00"},
        {"min": "2027-01-01"},
    ),
    (
        lambda: DateTimeRange(datetime(2026, 1, 1), datetime(2026, 2, 1), "x", is_range=False),
        "2026-01-01T00:00:00+00:00",
        "2026-01-03",
        "2026-01-03T00:00:00+00:00",
        "soon",
    ),
]


@pytest.mark.parametrize(("make", "default", "entered", "value", "odd"), VALUES)
def test_a_value_is_what_was_entered_or_else_the_default(
    make, default, entered, value, odd, store: StoreInterface
) -> None:
    element = make()
    shown(store, element)
    assert store.get_element_value("Step", "x") == default

    element.set_value(entered)
    shown(store, element)

    assert store.get_element_value("Step", "x") == value
    with pytest.raises(InvalidPage, match="cannot be entered into 'x'"):
        element.set_value(odd)
    assert element.get_value() == value


def test_a_connection_is_chosen_and_shows_no_secret(store, monkeypatch) -> None:
    monkeypatch.setenv("NACRE_FLOWSTORE_KEY", "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=")
    store.connections.create("keys", "api", {"api_key": "very secret"})
    element = DataSourceDropdown("ana", ["api"], "Which")
    element.set_value("keys")
    shown(store, element)

    value = store.get_element_value("Step", "Which")

    assert value["api_key"] == "very secret"
    assert "very secret" not in repr(value)


def test_an_asset_is_chosen(store: StoreInterface) -> None:
    asset = Asset([1, 2], "numbers", AssetType.OTHER, name="n")
    store.save_asset(asset)
    element = AssetSelection("numbers", AssetType.OTHER, "Which")
    element.set_value(asset)
    shown(store, element)

    assert store.get_element_value("Step", "Which").object == [1, 2]


def test_comments_are_kept(store: StoreInterface) -> None:
    element = TextInput("a", "x")
    first = element.add_comment("ana", "why?")
    element.edit_comment(first, "why not?")
    second = element.add_comment("bo", "because")
    element.delete_comment(second)

    (comment,) = shown(store, element).find("x").comments

    assert (comment["commenter"], comment["message"]) == ("ana", "why not?")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Table([1, 2]),
        lambda: Image(b"<svg onload=alert(1)>"),
        lambda: NumericRange(5, 1),
        lambda: Dropdown(["a"], selected="b"),
        lambda: MultiDropdown(["a"], max_selections=0),
        lambda: Row([RichText()], ratio=[1, 2]),
    ],
)
def test_odd_elements_are_refused(make) -> None:
    with pytest.raises(InvalidPage):
        make()


def test_a_step_is_needed(tmp_path: Path) -> None:
    with use_store(tmp_path / "v"):
        store = StoreInterface("flow")
        for call in (store.get_page, lambda: store.update_page(Page())):
            with pytest.raises(ValueError, match="step_name is required"):
                call()
