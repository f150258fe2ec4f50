"""A flow without a server: run, page, what the user enters, action, next step.

Functions of pages (updaters of cards, callbacks of buttons) are not stored. A run has those of
the pages that it has seen.
"""

import asyncio
import getpass
import inspect
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from nacre.errors import PackageMissing
from nacre_adapters.flowstore import screens
from nacre_adapters.flowstore.assets.types import new_id
from nacre_adapters.flowstore.attempts import attempt, declare_flow
from nacre_adapters.flowstore.code import code_of
from nacre_adapters.flowstore.events import ACTION, RUN
from nacre_adapters.flowstore.interface import StoreInterface
from nacre_adapters.flowstore.memo import reuse
from nacre_adapters.flowstore.pages import calls, context, files
from nacre_adapters.flowstore.pages.apps import App, Step
from nacre_adapters.flowstore.pages.document import element_of_plain
from nacre_adapters.flowstore.pages.elements import Element
from nacre_adapters.flowstore.pages.errors import InvalidPage, NextDisabled, UploadNotFound
from nacre_adapters.flowstore.pages.inputs import CustomEvent, DataSource, InputElement
from nacre_adapters.flowstore.pages.layout import Page
from nacre_adapters.flowstore.place import Store, find_place

Inputs = Mapping[str, Any]
"""Values by step, then by title or reference: `{"Upload": {"Dataset": "data.csv"}}`."""


def run_flow(
    app: App,
    inputs: Inputs | None = None,
    *,
    flow_id: str | None = None,
    user: str | None = None,
    store: Store | None = None,
    reuse_steps: bool = False,
) -> "FlowRun":
    """Run all steps of an app, entering *inputs* on their pages; return the run.

    Raises:
        InvalidPage, InvalidStep: an input is for nothing, or cannot be entered.
        UploadNotFound: a file that must be uploaded is not among the inputs.
        NextDisabled: a page does not let the user go on.
    """
    run = FlowRun(app, flow_id=flow_id, user=user, store=store, reuse_steps=reuse_steps)
    given = dict((inputs or {}).get("steps", inputs or {}))
    by_name = {app.find(step).name: values for step, values in given.items()}
    for step in app.steps:
        run.run(step.name)
        for title, value in by_name.get(step.name, {}).items():
            run.enter(step.name, title, _unwrapped(value))
        run.next(step.name)
    return run


class FlowRun:
    """One run of an app, step by step."""

    def __init__(
        self,
        app: App,
        *,
        flow_id: str | None = None,
        user: str | None = None,
        store: Store | None = None,
        reuse_steps: bool = False,
    ) -> None:
        """Declare the flow; an id that is known goes on with that flow.

        With *reuse_steps* a step whose code and reads are those of an earlier run is not run.
        """
        self._reuses = reuse_steps
        self.app = app
        self.flow_id = flow_id or new_id()
        self.user = user or getpass.getuser()
        self.place = find_place(store)
        self._updaters: dict[tuple[str, str], context.Callback] = {}
        self._callbacks: dict[tuple[str, str], context.Callback] = {}
        declare_flow(
            self.place,
            self.flow_id,
            owner=self.user,
            app=app.name,
            steps=[(step.name, step.title) for step in app.steps],
            details={"description": app.description},
        )

    def run(self, step_name: str) -> None:
        """Run a step and show its page."""
        step = self.app.find(step_name)
        code = code_of(step.run)
        if self._reuses and reuse(self.place, self.flow_id, step.name, user=self.user, code=code):
            return
        with self._attempted(step, RUN) as store:
            self._step_page(step)
            _call(step.run, store)
            _call(step.on_run_success, store)

    def enter(self, step_name: str, title: str, value: object) -> None:
        """Enter a value into an element of a step's page, or upload a file.

        A file is its path, or an open one whose `name` says what it is.

        Raises:
            InvalidPage: (a ValueError) it cannot be entered there.
        """
        step = self.app.find(step_name)
        store = self.interface(step)
        with self._surrounding():
            element = calls.element_of(self.place, store.where, step.name, title)
        if isinstance(element, DataSource):
            self._upload(store, element, value)
        elif isinstance(element, InputElement):
            element.set_value(value)
            screens.submit(self.place, store.where, element.id, _submitted(element, value))
        else:
            raise InvalidPage(f"nothing can be entered into {element!r}")

    def press(self, step_name: str, title: str) -> object:
        """Press the update button of a card, or a button that is an element of its own."""
        step = self.app.find(step_name)
        key = (step.name, title)
        callback = self._updaters.get(key) or self._callbacks.get(key)
        if callback is None:
            raise InvalidPage(f"there is nothing to press that is called {title!r:.60}")
        with self._surrounding():
            return _call(callback, self.interface(step))

    def next(self, step_name: str) -> None:
        """Go on: read what was uploaded, run the action.

        Raises:
            NextDisabled: a card does not let the user go on.
            UploadNotFound: (a ValueError) a file is missing.
        """
        step = self.app.find(step_name)
        page = self.page(step.name)
        closed = [card.title for card in page.cards if card.disable_next]
        if closed:
            raise NextDisabled(f"the card {closed[0]!r:.60} of {step.name} does not let you go on")
        with self._attempted(step, ACTION) as store:
            if not (step.overrides_action and step.override_skips_default):
                self._read_uploads(store, page)
            if step.overrides_action:
                _call(step.action_override, store)
            _call(step.on_action_success, store)

    def page(self, step_name: str) -> Page:
        """Return the page of a step, with what was entered."""
        step = self.app.find(step_name)
        where = self.interface(step).where
        with self._surrounding():
            page = calls.page_of(self.place, where, step.name)
            for element in page.elements:
                calls.with_value(self.place, where, step.name, element)
        return page

    def html(self, step_name: str) -> str:
        """Return the page of a step as a file to look at.

        Raises:
            PackageMissing: jinja2 is not installed.
        """
        try:
            renderer = import_module("nacre_adapters.flowstore.pages.html")
        except ModuleNotFoundError as error:
            raise PackageMissing(
                f"the package {error.name} is needed for HTML: pip install 'nacre[pages]'"
            ) from error
        text: str = renderer.render_page(self.page(step_name))
        return text

    def interface(self, step: Step, *, is_action: bool = False) -> StoreInterface:
        """Return the interface that a step has."""
        store = self.place.vault
        flow, user = self.flow_id, self.user
        return StoreInterface(flow, user, step.name, is_action, store=store)

    # What pages need of the run

    def template(self, flow: str, step: str) -> Page | None:
        """Return a new page as its author wrote it; None for another flow."""
        return self.app.find(step).new_page() if flow == self.flow_id else None

    def remember(self, flow: str, step: str, page: Page) -> None:
        """Keep the functions of a page."""
        if flow != self.flow_id:
            return
        for card in page.cards:
            if card.updater is not None:
                self._updaters[step, card.title] = card.updater
        for element in page.elements:
            if isinstance(element, CustomEvent) and element.callback is not None:
                self._callbacks[step, element.title] = element.callback

    # How it is done

    @contextmanager
    def _surrounding(self) -> Iterator[None]:
        token = context.RUN.set(self)
        try:
            yield
        finally:
            context.RUN.reset(token)

    @contextmanager
    def _attempted(self, step: Step, phase: str) -> Iterator[StoreInterface]:
        store = self.interface(step, is_action=phase == ACTION)
        work = step.run if phase == RUN else step.action_override
        code = code_of(work)
        with self._surrounding():
            try:
                with attempt(
                    self.place, self.flow_id, step.name, user=self.user, phase=phase, code=code
                ):
                    yield store
            except Exception:
                _call(step.on_failure, store)
                raise

    def _step_page(self, step: Step) -> None:
        """Begin with the page as it was written: what an earlier run showed is over."""
        where = self.interface(step).where
        page = step.new_page()
        reserved = screens.reserved(self.place, self.flow_id, step.name)
        page.hidden += [element_of_plain(each, self.place.codecs) for _, each in reserved]
        calls.update_page(self.place, where, page)

    def _upload(self, store: StoreInterface, element: DataSource, value: object) -> None:
        filename, content = _file(value)
        element.set_value(filename)
        kind = files.media_type_of(filename)
        where = store.where
        screens.receive(self.place, where, element.id, content, filename=filename, media_type=kind)
        screens.submit(self.place, where, element.id, filename)

    def _read_uploads(self, store: StoreInterface, page: Page) -> None:
        where = store.where
        for element in page.elements:
            if not isinstance(element, DataSource):
                continue
            upload = screens.upload_of(self.place, where, where.step, element.id)
            if upload is None and element.required:
                raise UploadNotFound(f"upload a file into {element.title!r} of {where.step} first")
            if upload is not None and element.is_table:
                store.save_output(files.frame_of(upload), calls.output_name(element))


def _submitted(element: InputElement, value: object) -> object:
    """Return what is stored: a set would come back in another order, an asset as its id."""
    if isinstance(value, set | tuple):
        return list(value)
    return element.get_value() if hasattr(value, "id") and not isinstance(value, Element) else value


def _file(value: object) -> tuple[str, bytes]:
    if isinstance(value, str | Path):
        path = Path(value)
        if not path.is_file():
            raise InvalidPage(f"there is no file {str(value)!r:.80} to upload")
        return path.name, path.read_bytes()
    if isinstance(value, BytesIO) and isinstance(getattr(value, "name", None), str):
        return Path(value.name).name, value.getvalue()
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], bytes):
        return str(value[0]), value[1]
    raise InvalidPage("a file is its path, (name, bytes), or a BytesIO with a name")


def _unwrapped(value: object) -> object:
    return value["value"] if isinstance(value, Mapping) and "value" in value else value


def _call(function: Callable[..., object], store: StoreInterface) -> object:
    """Call what an author wrote, with what it asks for; wait for it when it is async."""
    wanted = inspect.signature(function).parameters
    metadata = {
        "flow_id": store.flow_id,
        "step_name": store.step_name,
        "user": store.user,
        "is_action": store.is_action,
    }
    known = {"flow_metadata": metadata, "store_interface": store}
    given = {name: known[name] for name in wanted if name in known}
    result = function(**given) if given or not wanted else function(store)
    return asyncio.run(_awaited(result)) if isinstance(result, Coroutine) else result


async def _awaited(result: Coroutine[object, object, object]) -> object:
    return await result
