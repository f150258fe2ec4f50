"""The run that surrounds a step: where its page begins, and the functions that pages call."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Protocol

from nacre_adapters.flowstore.pages.layout import Page


class Running(Protocol):
    """What a page needs of the run of its flow."""

    def template(self, flow: str, step: str) -> Page | None:
        """Return a new page as the step's author wrote it; None for another flow."""

    def remember(self, flow: str, step: str, page: Page) -> None:
        """Keep the functions of a page, which are not stored."""


RUN: ContextVar[Running | None] = ContextVar("nacre_flow_run", default=None)

Callback = Callable[..., object]
