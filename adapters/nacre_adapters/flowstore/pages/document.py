"""A page as plain data of an event, and back. What is heavy in an element is in blobs.

page      {"v": 1, "title", "sections": [section, ...], "hidden": [element, ...]}
section   {"id", "title", "subtitle", "description", "cards": [card, ...]}
card      {its attributes, "filters": [element, ...], "content": [item, ...]}
item      element, or {"group": "row" | "column", "ratio", "items": [item, ...]}
element   {"id", "type", "state": what the codecs made of its attributes}
"""

from collections.abc import Mapping
from typing import Any

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs import Codecs, NotTrusted, PackageMissing
from nacre_adapters.flowstore.pages import choices, elements, inputs
from nacre_adapters.flowstore.pages.elements import Element
from nacre_adapters.flowstore.pages.errors import InvalidPage
from nacre_adapters.flowstore.pages.layout import Card, Column, Group, Item, Page, Row, Section
from nacre_adapters.flowstore.pages.shapes import odd_ratio, oddity

Plain = dict[str, Any]

VERSION = 1
_MOST_LEVELS = 100

_ELEMENTS: dict[str, type[Element]] = {
    kind.type: kind
    for kind in (
        elements.RichText,
        elements.Table,
        elements.Plot,
        elements.PlotlyPlot,
        elements.Image,
        inputs.TextInput,
        choices.Dropdown,
        choices.SingleDropdown,
        choices.MultiDropdown,
        choices.DataSourceDropdown,
        choices.AssetSelection,
        inputs.NumericRange,
        inputs.NumericRangeSlider,
        inputs.NumericSlider,
        inputs.DateTimeRange,
        inputs.DataSource,
        inputs.CustomEvent,
    )
}
_GROUPS: dict[str, type[Group]] = {"row": Row, "column": Column}
_WORDS = ("id", "title", "subtitle", "description")
_SECTION = ("id", "title", "subtitle", "description")
_CARD = (
    "id",
    "title",
    "subtitle",
    "description",
    "updater_text",
    "show_title",
    "show_description",
    "disable_next",
    "comments",
)


def page_to_plain(page: Page, codecs: Codecs) -> Plain:
    """Return *page* as plain data.

    Raises:
        InvalidPage: two sections have one title, or two elements one reference.
        NotStorable: an element holds what would not come back.
    """
    _check(page)
    return {
        "v": VERSION,
        "title": page.title,
        "sections": [_section_to_plain(section, codecs) for section in page.sections],
        "hidden": [element_to_plain(each, codecs) for each in page.hidden],
    }


def page_of_plain(data: Mapping[str, Any], codecs: Codecs) -> Page:
    """Return a new page of plain data.

    Raises:
        CorruptionError: it is no page.
    """
    if data.get("v") != VERSION:
        raise CorruptionError(f"a stored page has version {data.get('v')!r:.20}, not {VERSION}")
    try:
        page = Page(data["title"], [_section_of_plain(each, codecs) for each in data["sections"]])
        page.hidden = [element_of_plain(each, codecs) for each in data["hidden"]]
        _check(page)
    except (CorruptionError, NotTrusted, PackageMissing):
        raise
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise CorruptionError(f"a stored page is not whole: {error!r:.100}") from error
    return page


def element_to_plain(element: Element, codecs: Codecs) -> Plain:
    """Return an element as plain data."""
    if _ELEMENTS.get(element.type) is not type(element):
        raise InvalidPage(f"a {type(element).__name__} is no element that a page can store")
    state = element.state()
    odd = oddity(type(element), state)
    if odd is not None:
        raise InvalidPage(f"the element {element.title!r:.60} cannot be stored: {odd}")
    name = element.title or element.type
    return {
        "id": element.id,
        "type": element.type,
        "state": codecs.encode(state, name=name).to_data(),
    }


def element_of_plain(data: Mapping[str, Any], codecs: Codecs) -> Element:
    """Return a new element of plain data."""
    kind = _ELEMENTS.get(data["type"])
    state = codecs.decode(data["state"])
    if kind is None or not isinstance(state, dict):
        raise CorruptionError(f"a stored page has an element {data['type']!r:.40}, which is none")
    odd = oddity(kind, state)
    if odd is not None:
        raise CorruptionError(f"a stored {kind.type} is none: {odd}")
    return kind.of_state(state)


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Plain:
    """Return the ids of elements that were added, changed and removed."""
    old = {} if before is None else identities(before)
    new = identities(after)
    return {
        "added": sorted(new.keys() - old.keys()),
        "changed": sorted(each for each in new.keys() & old.keys() if new[each] != old[each]),
        "removed": sorted(old.keys() - new.keys()),
    }


def identities(page: Mapping[str, Any]) -> dict[str, str]:
    """Return what each element of a page is, in short, by its id."""
    cards = [card for section in page["sections"] for card in section["cards"]]
    found = [each for card in cards for each in (*card["filters"], *card["content"])]
    return {each["id"]: each["state"]["identity"] for each in _flat([*found, *page["hidden"]])}


def _flat(items: list[Plain]) -> list[Plain]:
    flat = []
    for item in items:
        flat += _flat(item["items"]) if "group" in item else [item]
    return flat


def _check(page: Page) -> None:
    titles = [section.title for section in page.sections]
    references = [each.reference_id for each in page.elements if each.reference_id is not None]
    for noun, names in (("section", titles), ("element", references)):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InvalidPage(f"two {noun}s of the page are called {twice!r:.60}: rename one")
    parts = (*page.sections, *page.cards)
    words = [page.title, *(getattr(part, each) for part in parts for each in _WORDS)]
    odd = next((each for each in words if not isinstance(each, str | None)), None)
    if odd is not None:
        raise InvalidPage(f"{odd!r:.60} stands where a title or description should: give text")


def _section_to_plain(section: Section, codecs: Codecs) -> Plain:
    cards = [_card_to_plain(card, codecs) for card in section.cards]
    return {**{name: getattr(section, name) for name in _SECTION}, "cards": cards}


def _card_to_plain(card: Card, codecs: Codecs) -> Plain:
    about = {name: getattr(card, name) for name in _CARD}
    about["disable_next"] = bool(card.disable_next)
    about["filters"] = [element_to_plain(each, codecs) for each in card.filters]
    about["content"] = [_item_to_plain(each, codecs) for each in card.content]
    return about


def _item_to_plain(item: Item, codecs: Codecs) -> Plain:
    if isinstance(item, Element):
        return element_to_plain(item, codecs)
    items = [_item_to_plain(each, codecs) for each in item.items]
    return {"group": item.kind, "ratio": item.ratio, "items": items}


def _section_of_plain(data: Plain, codecs: Codecs) -> Section:
    section = Section(cards=[_card_of_plain(each, codecs) for each in data["cards"]])
    vars(section).update({name: data[name] for name in _SECTION})
    return section


def _card_of_plain(data: Plain, codecs: Codecs) -> Card:
    card = Card(
        content=[_item_of_plain(each, codecs) for each in data["content"]],
        filters=[element_of_plain(each, codecs) for each in data["filters"]],
    )
    vars(card).update({name: data[name] for name in _CARD})
    card.comments = [dict(each) for each in data["comments"]]
    return card


def _item_of_plain(data: Plain, codecs: Codecs, level: int = 0) -> Item:
    if "group" not in data:
        return element_of_plain(data, codecs)
    if level > _MOST_LEVELS:
        raise CorruptionError(f"a stored page has rows in rows, more than {_MOST_LEVELS} deep")
    if odd_ratio(data["ratio"]):
        raise CorruptionError("a stored row has a ratio that is none")
    items = [_item_of_plain(each, codecs, level + 1) for each in data["items"]]
    return _GROUPS[data["group"]](items, data["ratio"])
