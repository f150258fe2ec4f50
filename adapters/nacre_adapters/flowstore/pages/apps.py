"""Apps: steps in order. A flow is one run of an app."""

import copy
from collections.abc import Sequence
from enum import Enum

from nacre.errors import InvalidInput
from nacre_adapters.flowstore.errors import PredictException
from nacre_adapters.flowstore.pages.layout import Page


class StepType(str, Enum):  # noqa: UP042 - the text of a StrEnum is another than the original's
    """What a step is for."""

    INPUT = "input"
    DATA_LAB = "data_lab"
    RESULTS = "results"
    DASHBOARD = "dashboard"


class InvalidStep(PredictException, InvalidInput):
    """A step, or an order of steps, is not as it must be."""

    code = "invalid_step"


class Step:
    """A step: subclass it and write `run`. Its name is that of the class."""

    def __init__(
        self,
        title: str = "",
        description: str = "",
        parent: str = "",
        type: StepType = StepType.INPUT,  # noqa: A002 - the interface calls it so
        page: Page | None = None,
        *,
        overrides_action: bool = False,
        await_actions: bool = True,
        override_skips_default: bool = False,
    ) -> None:
        if "/" in title:
            raise InvalidStep(f"the title {title!r:.60} has a '/' in it: choose another")
        self.title = title
        self.description = description
        self.parent = parent
        self.type = type
        self.page = Page(title) if page is None else page
        self.overrides_action = overrides_action
        self.await_actions = await_actions
        self.override_skips_default = override_skips_default

    @property
    def name(self) -> str:
        """What the step is called in `get_element_value` and `get_input`."""
        return type(self).__name__

    def run(self, flow_metadata: dict[str, object]) -> object:
        """Do what the step is for, before its page is shown."""
        raise NotImplementedError(f"{self.name}.run(self, flow_metadata) is to be written")

    def action_override(self, flow_metadata: dict[str, object]) -> object:
        """Do what happens when the user goes on, if the step has *overrides_action*."""

    def on_run_success(self, store_interface: object) -> object:
        """Called after `run`."""

    def on_action_success(self, store_interface: object) -> object:
        """Called after the action."""

    def on_failure(self, store_interface: object) -> object:
        """Called when `run` or the action raised."""

    def new_page(self) -> Page:
        """Return a page to begin with: the step's own stays as it was written."""
        return copy.deepcopy(self.page)


class App:
    """Steps in order: `App("Shots", ...).chain([first, second])`."""

    def __init__(
        self,
        name: str,
        description: str = "",
        image_path: str = "",
        is_shareable: bool = True,
        sort_key: int = 0,
    ) -> None:
        self.name = name
        self.description = description
        self.image_path = image_path
        self.is_shareable = is_shareable
        self.sort_key = sort_key
        self.steps: list[Step] = []
        self._is_locked = False

    def chain(self, steps: Sequence[Step], lock: bool = True) -> "App":
        """Put steps behind those that there are.

        Raises:
            InvalidStep: two are of one class, or the order was locked.
        """
        if self._is_locked:
            raise InvalidStep(f"the steps of {self.name!r:.60} are locked: chain them all at once")
        names = [step.name for step in (*self.steps, *steps)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InvalidStep(f"two steps are called {twice!r:.60}: give each a class of its own")
        self.steps += steps
        self._is_locked = lock
        return self

    def find(self, name: str) -> Step:
        """Return the step with a name or title. Raises InvalidStep."""
        for step in self.steps:
            if name == step.name:
                return step
        for step in self.steps:
            if name == step.title:
                return step
        known = [step.name for step in self.steps]
        raise InvalidStep(f"there is no step {name!r:.60} in {self.name!r:.60}: it has {known}")


Flow = App
