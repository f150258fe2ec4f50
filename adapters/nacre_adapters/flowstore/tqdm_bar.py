"""A progress bar in the manner of tqdm, whose display is the step in the flow's status."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, Self, TypeVar

from nacre_adapters.flowstore.interface import StoreInterface

Item = TypeVar("Item")


class StepProgressTqdm(Generic[Item]):
    """Counts as tqdm does, and tells the step how far it is.

    `for item in StepProgressTqdm(flow_metadata, items): ...`, or `with` and `update`.
    """

    def __init__(
        self,
        flow_metadata: Mapping[str, Any],
        iterable: Iterable[Item] | None = None,
        *,
        total: float | None = None,
        starting_progress: float = 0,
        target_progress: float = 100,
        step_size: float = 0,
        desc: str = "",
    ) -> None:
        """Go from *starting_progress* to *target_progress* while *total* items are done.

        The step is told whenever *step_size* percent more are done.
        """
        self._store = StoreInterface(**flow_metadata)
        self.iterable = iterable
        known = len(iterable) if hasattr(iterable, "__len__") else None  # type: ignore[arg-type]  # checked
        self.total = total if total is not None else known
        self.desc = desc
        self.n: float = 0
        self._from, self._to, self._each = starting_progress, target_progress, step_size
        self._told = starting_progress

    def update(self, n: float = 1) -> None:
        """Count *n* more items as done."""
        self.n += n
        done = self.n / self.total if self.total else 0.0
        completion = self._from + (self._to - self._from) * min(1.0, done)
        if completion - self._told >= self._each or completion >= self._to:
            self._told = completion
            self._store.update_progress(completion, self._message())

    def set_description(self, desc: str) -> None:
        """Say what is being done; it is shown with the next update."""
        self.desc = desc

    def close(self) -> None:
        """Tell what has not been told yet."""
        self._store.flush_progress()

    def _message(self) -> str:
        counted = f"{self.n:g}" if self.total is None else f"{self.n:g}/{self.total:g}"
        return f"{self.desc}: {counted}" if self.desc else counted

    def __iter__(self) -> Iterator[Item]:
        with self:
            for item in self.iterable or ():
                yield item
                self.update()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
