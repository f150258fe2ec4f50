"""Pages: sections of cards of elements, in rows and columns where that is wanted."""

from collections.abc import Callable, Iterator, Sequence

from nacre_adapters.flowstore.assets.types import new_id
from nacre_adapters.flowstore.pages.elements import Commented, Element
from nacre_adapters.flowstore.pages.errors import (
    CardNotFoundException,
    ElementNotFound,
    InvalidPage,
)
from nacre_adapters.flowstore.pages.inputs import DataSource
from nacre_adapters.flowstore.pages.shapes import odd_ratio


class Group:
    """Elements beside or below each other; groups may stand in groups."""

    kind = "group"

    def __init__(
        self, items: "Sequence[Element | Group]" = (), ratio: Sequence[float] | None = None
    ) -> None:
        self.items: list[Element | Group] = list(items)
        self.ratio = None if ratio is None else list(ratio)
        if odd_ratio(self.ratio):
            raise InvalidPage(f"the ratio {self.ratio!r:.60} is none: give numbers")
        if self.ratio is not None and len(self.ratio) != len(self.items):
            raise InvalidPage(f"{len(self.ratio)} ratios for {len(self.items)} items: give as many")

    def elements(self) -> Iterator[Element]:
        """Yield the elements, in order."""
        return elements_in(self.items)


class Row(Group):
    """Elements beside each other."""

    kind = "row"


class Column(Group):
    """Elements below each other."""

    kind = "column"


Item = Element | Group


def elements_in(items: Sequence[Item]) -> Iterator[Element]:
    """Yield all elements, in the order that they are read in."""
    for item in items:
        if isinstance(item, Element):
            yield item
        elif isinstance(item, Group):
            yield from item.elements()
        else:
            raise InvalidPage(f"a {type(item).__name__} stands on a card: put elements there")


class Card(Commented):
    """Elements under a title. *updater* is called when the user asks for an update."""

    def __init__(  # noqa: PLR0913 - the original's
        self,
        title: str = "",
        content: Sequence[Item] = (),
        subtitle: str = "",
        description: str = "",
        *,
        filters: Sequence[Element] = (),
        updater: Callable[..., object] | None = None,
        updater_text: str = "Update",
        show_title: bool = True,
        show_description: bool = True,
        disable_next: bool = False,
    ) -> None:
        self.id = new_id()
        self.title = title
        self.subtitle = subtitle
        self.description = description
        self.content = list(content)
        self.filters = list(filters)
        self.updater = updater
        self.updater_text = updater_text
        self.show_title = show_title
        self.show_description = show_description
        self.disable_next = disable_next
        self.comments = []

    def add_content(self, content: Item | Sequence[Item]) -> None:
        """Add an element, or several."""
        self.content += [content] if isinstance(content, Element | Group) else content

    def update_item(self, title: str, element: Element) -> None:
        """Put an element in the place of the one with a title.

        Raises:
            ElementNotFound: (a ValueError) there is none.
        """
        if not _replace(self.content, title, [element]):
            raise ElementNotFound(f"there is no element {title!r:.60} on the card {self.title!r}")

    def remove_item(self, title: str, quiet: bool = False) -> None:
        """Take away the element with a title. Raises as `update_item`, unless *quiet*."""
        if not _replace(self.content, title, []) and not quiet:
            raise ElementNotFound(f"there is no element {title!r:.60} on the card {self.title!r}")

    def get_elements(self) -> list[Element]:
        """Return the elements, also those in rows and columns."""
        return list(elements_in(self.content))

    def get_filters(self) -> list[Element]:
        """Return the filters."""
        return self.filters

    def elements(self) -> Iterator[Element]:
        """Yield filters and elements."""
        yield from self.filters
        yield from elements_in(self.content)


class Section:
    """Cards under a title. An empty title is a title like any other."""

    def __init__(
        self,
        title: str = "",
        cards: Sequence[Card] = (),
        subtitle: str = "",
        description: str = "",
    ) -> None:
        self.id = new_id()
        self.title = title
        self.subtitle = subtitle
        self.description = description
        self.cards = list(cards)


class Page:
    """What a step shows."""

    def __init__(self, title: str = "", sections: Sequence[Section] = ()) -> None:
        self.title = title
        self.sections = list(sections)
        self.hidden: list[Element] = []
        """Elements that are not shown, such as those made for this step by an earlier one."""

    @property
    def cards(self) -> Iterator[Card]:
        """All cards, in order."""
        return (card for section in self.sections for card in section.cards)

    @property
    def elements(self) -> Iterator[Element]:
        """All elements, in order."""
        yield from (element for card in self.cards for element in card.elements())
        yield from self.hidden

    def get_section_by_title(self, title: str) -> Section:
        """Return a section. Raises ElementNotFound (a ValueError)."""
        for section in self.sections:
            if section.title == title:
                return section
        known = [section.title for section in self.sections]
        raise ElementNotFound(f"there is no section {title!r:.60} on the page: it has {known}")

    def add_card_to_section(self, card: Card, section_title: str) -> None:
        """Add a card at the end of a section. Raises ElementNotFound (a ValueError)."""
        self.get_section_by_title(section_title).cards.append(card)

    def add_content_to_section(
        self,
        content: Item | Sequence[Item],
        section_title: str,
        card_title: str = "",
    ) -> None:
        """Add a new card with elements at the end of a section."""
        items = [content] if isinstance(content, Element | Group) else list(content)
        self.add_card_to_section(Card(card_title, items), section_title)

    def replace_content_in_section(
        self,
        content: Item | Sequence[Item],
        section_title: str,
        card_title: str,
    ) -> None:
        """Let the card with a title have these elements; add one if there is none."""
        items = [content] if isinstance(content, Element | Group) else list(content)
        for card in self.get_section_by_title(section_title).cards:
            if card.title == card_title:
                card.content = items
                return
        self.add_content_to_section(items, section_title, card_title)

    def remove_card(self, section_title: str, card_title: str) -> None:
        """Take a card away; a card that is not there is no error, a section is."""
        section = self.get_section_by_title(section_title)
        section.cards = [card for card in section.cards if card.title != card_title]

    def remove_all_cards(self, section_title: str, index: int = 0) -> None:
        """Take away all cards of a section, from one on."""
        del self.get_section_by_title(section_title).cards[index:]

    def get_card_by_title(self, title: str) -> Card:
        """Return a card. Raises CardNotFoundException (a ValueError)."""
        return self._card(title, lambda card: card.title == title)

    def get_card_by_id(self, card_id: str) -> Card:
        """Return a card. Raises CardNotFoundException (a ValueError)."""
        return self._card(card_id, lambda card: card.id == card_id)

    def update_card_title(
        self, new_title: str, card_id: str | None = None, card_title: str | None = None
    ) -> None:
        """Change the title of a card. Raises InvalidPage when neither id nor title is given."""
        if card_id is None and card_title is None:
            raise InvalidPage("update_card_title needs the id or the title of a card")
        found = self.get_card_by_id(card_id) if card_id else self.get_card_by_title(str(card_title))
        found.title = new_title

    def get_element_by_title(self, title: str, quiet: bool = False) -> Element | None:
        """Return the first element with a title. Raises ElementNotFound, unless *quiet*."""
        return self._element(title, quiet, lambda element: element.title == title)

    def get_element_by_reference_id(self, reference_id: str, quiet: bool = False) -> Element | None:
        """Return an element by its reference. Raises ElementNotFound, unless *quiet*."""
        return self._element(
            reference_id, quiet, lambda element: element.reference_id == reference_id
        )

    def get_element_by_id(self, element_id: str, quiet: bool = False) -> Element | None:
        """Return an element by its id. Raises ElementNotFound, unless *quiet*."""
        return self._element(element_id, quiet, lambda element: element.id == element_id)

    def find(self, name: str, quiet: bool = False) -> Element | None:
        """Return the element with this reference, else the first with this title."""
        found = self.get_element_by_reference_id(name, quiet=True)
        return found or self.get_element_by_title(name, quiet=quiet)

    def force_update_elements(self, elements: Sequence[Element]) -> None:
        """Let elements count as changed, whatever they were."""
        for element in elements:
            element.hash_bump += 1

    def has_required_input(self) -> bool:
        """Tell whether a file must be uploaded before the user may go on."""
        return any(isinstance(each, DataSource) and each.required for each in self.elements)

    def _card(self, name: str, is_it: Callable[[Card], bool]) -> Card:
        for card in self.cards:
            if is_it(card):
                return card
        known = [card.title for card in self.cards]
        raise CardNotFoundException(f"there is no card {name!r:.60} on the page: it has {known}")

    def _element(self, name: str, quiet: bool, is_it: Callable[[Element], bool]) -> Element | None:
        found = next(filter(is_it, self.elements), None)
        if found is None and not quiet:
            known = [element.title for element in self.elements]
            raise ElementNotFound(f"there is no element {name!r:.60} on the page: it has {known}")
        return found


def _replace(items: list[Item], title: str, by: list[Item]) -> bool:
    for number, item in enumerate(items):
        if isinstance(item, Element) and item.title == title:
            items[number : number + 1] = by
            return True
        if isinstance(item, Group) and _replace(item.items, title, by):
            return True
    return False
