"""What `StoreInterface` does with pages: read, change, and what users entered into them."""

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Concatenate, ParamSpec, TypeVar

from nacre_adapters.flowstore import outputs, screens
from nacre_adapters.flowstore.assets.catalog import Query
from nacre_adapters.flowstore.assets.shelf import Shelf
from nacre_adapters.flowstore.connections import Connections
from nacre_adapters.flowstore.errors import InputNotFound
from nacre_adapters.flowstore.pages.choices import AssetSelection, DataSourceDropdown
from nacre_adapters.flowstore.pages.context import RUN
from nacre_adapters.flowstore.pages.document import (
    changes,
    element_of_plain,
    element_to_plain,
    page_of_plain,
    page_to_plain,
)
from nacre_adapters.flowstore.pages.elements import Element
from nacre_adapters.flowstore.pages.errors import InvalidPage, UploadNotFound
from nacre_adapters.flowstore.pages.inputs import DataSource, InputElement
from nacre_adapters.flowstore.pages.layout import Page, Section
from nacre_adapters.flowstore.place import Place
from nacre_adapters.flowstore.records import Where

Self = TypeVar("Self")
Given = ParamSpec("Given")
Result = TypeVar("Result")
Method = Callable[Concatenate[Self, Given], Result]


def renamed(**names: str) -> Callable[[Method[Self, Given, Result]], Method[Self, Given, Result]]:
    """Let a method take parameters by the names that other versions of the interface have."""

    def decorate(method: Method[Self, Given, Result]) -> Method[Self, Given, Result]:
        @wraps(method)
        def call(self: Self, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
            known = {names.get(name, name): value for name, value in kwargs.items()}
            return method(self, *args, **known)  # type: ignore[arg-type]  # the same by other names

        return call

    return decorate


def page_of(place: Place, where: Where, step: str) -> Page:
    """Return a new copy of the page of a step: as it was stored last, else as it was written."""
    name = step_named(place, where, step)
    stored = screens.page_of(place, where, name)
    if stored is not None:
        return page_of_plain(stored, place.codecs)
    run = RUN.get()
    template = None if run is None else run.template(where.flow, name)
    page = template or Page(name, [Section("", [])])
    reserved = screens.reserved(place, where.flow, name)
    page.hidden += [element_of_plain(element, place.codecs) for _, element in reserved]
    return page


def update_page(place: Place, where: Where, page: Page) -> None:
    """Store the page of this step, and what changed in it."""
    if not isinstance(page, Page):
        raise InvalidPage(f"update_page takes a Page, not a {type(page).__name__}")
    plain = page_to_plain(page, place.codecs)
    before = screens.page_of(place, where, where.step)
    screens.save_page(place, where, plain, changes(before, plain))
    run = RUN.get()
    if run is not None:
        run.remember(where.flow, where.step, page)


def element_of(
    place: Place, where: Where, step: str, name: str, *, quiet: bool = False
) -> Element | None:
    """Return an element of a step by its reference or title, with the value that it has now.

    Raises:
        ElementNotFound: (a ValueError) there is none, unless *quiet*.
    """
    found = page_of(place, where, step).find(name, quiet=quiet)
    return None if found is None else with_value(place, where, step, found)


def element_by_id(place: Place, where: Where, step: str, element_id: str) -> Element:
    """Return an element of a step by its id, with the value that it has now."""
    found = page_of(place, where, step).get_element_by_id(element_id)
    assert found is not None
    return with_value(place, where, step, found)


def with_value(place: Place, where: Where, step: str, element: Element) -> Element:
    """Let an element have the value that was submitted last."""
    is_there, value = screens.submitted(place, where, step_named(place, where, step), element.id)
    if is_there and isinstance(element, InputElement):
        element.set_value(value)
    return element


def value_of(place: Place, where: Where, step: str, name: str, *, quiet: bool = False) -> object:
    """Return the value of an element: what was entered, else what it was made with.

    Raises:
        ElementNotFound: (a ValueError) there is no such element, unless *quiet*.
        InvalidPage: (a ValueError) it has no value.
        UploadNotFound: (a ValueError) the file has not been uploaded, or not been read yet.
    """
    element = element_of(place, where, step, name, quiet=quiet)
    if element is None:
        return None
    if not isinstance(element, InputElement):
        raise InvalidPage(f"{element!r} has no value: it shows something")
    if isinstance(element, DataSource):
        return _content_of(place, where, step, element, quiet=quiet)
    value = element.get_value()
    if value is None:
        return None
    if isinstance(element, DataSourceDropdown):
        return Connections(place.vault, where.user, told=where.reads.secrets.add).get(str(value))
    if isinstance(element, AssetSelection):
        return Shelf(place, where).get(Query(asset_id=str(value)))
    return value


def raw_upload(
    place: Place, where: Where, step: str, element_id: str | None, name: str | None
) -> BytesIO:
    """Return the bytes that were uploaded into an element; the file's name is in `.name`.

    Raises:
        InvalidPage: (a ValueError) neither id nor title is given.
        ElementNotFound, UploadNotFound: (ValueErrors) there is none.
    """
    if element_id is None and name is None:
        raise InvalidPage("give element_id or element_title: a page may have several uploads")
    page = page_of(place, where, step)
    element = page.get_element_by_id(element_id) if element_id else page.find(str(name))
    assert element is not None
    upload = screens.upload_of(place, where, step_named(place, where, step), element.id)
    if upload is None:
        raise UploadNotFound(f"nothing was uploaded into {element.title or element.id!r} of {step}")
    return upload.open()


def reserve(place: Place, where: Where, element: Element, future_step: str) -> None:
    """Let a later step have an element, hidden until its page shows it."""
    name = step_named(place, where, future_step)
    screens.reserve(place, where, name, element_to_plain(element, place.codecs))


def output_name(element: DataSource) -> str:
    """Return the name of the output that the action saves the dataframe of a file under."""
    return element.title or element.reference_id or element.id


def step_named(place: Place, where: Where, step: str) -> str:
    """Return the name of a step that is given by name or title."""
    known = place.flows.flow(where.flow)
    names = [] if known is None or known.steps is None else known.steps
    if step in [name for name, _ in names]:
        return step
    return next((name for name, title in names if title == step), step)


def _content_of(
    place: Place, where: Where, step: str, element: DataSource, *, quiet: bool
) -> object:
    name = step_named(place, where, step)
    if screens.upload_of(place, where, name, element.id) is None:
        if quiet or not element.required:
            return None
        raise UploadNotFound(f"nothing was uploaded into {element.title!r} of {step}")
    if not element.is_table:
        return element.filename
    try:
        with place.vault.read():
            found = outputs.find(place.flows, where.settled(), output_name(element), name)
    except InputNotFound:
        if quiet:
            return None
        raise UploadNotFound(
            f"the file in {element.title!r} is a dataframe once the action of {step} has run: "
            "until then use get_current_step_user_input"
        ) from None
    return place.codecs.decode(found.output.value)
