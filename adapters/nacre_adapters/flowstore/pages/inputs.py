"""Elements that users enter something into: what is allowed, and what it means until they do."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from nacre_adapters.flowstore.pages.elements import Element
from nacre_adapters.flowstore.pages.errors import InvalidPage

TABULAR = frozenset({"csv", "xlsx"})
"""Kinds of files that the action of a step makes into dataframes."""


class InputElement(Element):
    """An element with a value: what was submitted last, else what it was made with."""

    def get_value(self) -> object:
        """Return the value."""
        raise NotImplementedError

    def set_value(self, value: object) -> None:
        """Take what a user submitted.

        Raises:
            InvalidPage: (a ValueError) it is nothing that can be entered here.
        """
        raise NotImplementedError

    def _refuse(self, value: object, want: str) -> InvalidPage:
        name = self.title or self.reference_id or self.id
        return InvalidPage(f"{value!r:.60} cannot be entered into {name!r}: give {want}")


class TextInput(InputElement):
    """A line of text."""

    type = "text_input"

    def __init__(
        self,
        value: str = "",
        title: str = "",
        description: str = "",
        *,
        reference_id: str | None = None,
    ) -> None:
        super().__init__(title, description, reference_id=reference_id)
        self.value = value

    def get_value(self) -> str:
        """Return the text."""
        return self.value

    def set_value(self, value: object) -> None:
        """Take text."""
        if not isinstance(value, str):
            raise self._refuse(value, "text")
        self.value = value


class NumericRange(InputElement):
    """A range of numbers, or one number with *single*."""

    type = "numeric_range"

    def __init__(  # noqa: PLR0913 - the original's
        self,
        min_range: float,
        max_range: float,
        title: str = "",
        description: str = "",
        *,
        min_selection: float | None = None,
        max_selection: float | None = None,
        single: bool = False,
        selected: float | None = None,
        step_size: float | None = None,
        include_nulls_visible: bool = False,
        include_nulls_value: bool = False,
        reference_id: str | None = None,
    ) -> None:
        super().__init__(title, description, reference_id=reference_id)
        if not min_range <= max_range:
            raise InvalidPage(f"the range from {min_range} to {max_range} is none")
        self.min_range, self.max_range = min_range, max_range
        self.single = single
        self.step_size = step_size
        self.include_nulls_visible = include_nulls_visible
        self.include_nulls_value = include_nulls_value
        self.min_selection = min_range if min_selection is None else min_selection
        self.max_selection = max_range if max_selection is None else max_selection
        self.selected = min_range if selected is None else selected

    def get_value(self) -> object:
        """Return the number, or `{"min": ..., "max": ...}`."""
        if self.single:
            return self.selected
        return {"min": self.min_selection, "max": self.max_selection}

    def set_value(self, value: object) -> None:
        """Take a number, or what has `min` and `max`."""
        if self.single:
            self.selected = self._checked(value)
            return
        if not isinstance(value, Mapping) or not {"min", "max"} >= set(value):
            raise self._refuse(value, "{'min': ..., 'max': ...}")
        low = self._checked(value.get("min", self.min_selection))
        high = self._checked(value.get("max", self.max_selection))
        if low > high:
            raise self._refuse(value, "a min that is not above the max")
        self.min_selection, self.max_selection = low, high

    def _checked(self, value: object) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not self.min_range <= value <= self.max_range:  # type: ignore[operator]  # a number
            raise self._refuse(value, f"a number from {self.min_range} to {self.max_range}")
        return value  # type: ignore[return-value]  # as above


class NumericRangeSlider(NumericRange):
    """A range of numbers."""

    type = "numeric_range_slider"


class NumericSlider(NumericRange):
    """One number."""

    type = "numeric_slider"

    def __init__(
        self,
        min_range: float,
        max_range: float,
        title: str = "",
        description: str = "",
        *,
        selected: float | None = None,
        step_size: float | None = None,
        reference_id: str | None = None,
    ) -> None:
        super().__init__(
            min_range,
            max_range,
            title,
            description,
            single=True,
            selected=selected,
            step_size=step_size,
            reference_id=reference_id,
        )


class DateTimeRange(InputElement):
    """A range of time, or one point in time; its value is ISO-8601 with an offset."""

    type = "date_time_range"

    def __init__(  # noqa: PLR0913 - the original's
        self,
        min_range: datetime,
        max_range: datetime,
        title: str = "",
        description: str = "",
        *,
        min_selection: datetime | None = None,
        max_selection: datetime | None = None,
        timezone: str = "UTC",
        is_range: bool = True,
        reference_id: str | None = None,
    ) -> None:
        super().__init__(title, description, reference_id=reference_id)
        self.timezone = timezone
        self.is_range = is_range
        self.min_range, self.max_range = self._iso(min_range), self._iso(max_range)
        self.min_selection = self._iso(min_selection or min_range)
        self.max_selection = self._iso(max_selection or max_range)

    def get_value(self) -> object:
        """Return `{"min": ..., "max": ...}`, or one text without *is_range*."""
        if not self.is_range:
            return self.min_selection
        return {"min": self.min_selection, "max": self.max_selection}

    def set_value(self, value: object) -> None:
        """Take datetimes or ISO-8601 texts within the range."""
        if not self.is_range:
            self.min_selection = self._checked(value)
            return
        if not isinstance(value, Mapping) or not {"min", "max"} >= set(value):
            raise self._refuse(value, "{'min': ..., 'max': ...}")
        low = self._checked(value.get("min", self.min_selection))
        high = self._checked(value.get("max", self.max_selection))
        if datetime.fromisoformat(low) > datetime.fromisoformat(high):
            raise self._refuse(value, "a min that is not after the max")
        self.min_selection, self.max_selection = low, high

    def _checked(self, value: object) -> str:
        text = self._iso(value)
        low, when, high = map(datetime.fromisoformat, (self.min_range, text, self.max_range))
        if not low <= when <= high:
            raise self._refuse(value, f"a time from {self.min_range} to {self.max_range}")
        return text

    def _iso(self, value: object) -> str:
        try:
            when = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            when = None
        if not isinstance(when, datetime):
            raise self._refuse(value, "a datetime or ISO-8601 text")
        zone = ZoneInfo(self.timezone)
        return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(zone).isoformat()


class DataSource(InputElement):
    """A file that the user uploads. Tables become dataframes when the step's action runs."""

    type = "data_source"

    def __init__(
        self,
        title: str = "",
        description: str = "",
        *,
        options: Sequence[str] = ("csv",),
        required: bool = True,
        raw_upload: bool = False,
        reference_id: str | None = None,
    ) -> None:
        super().__init__(title, description, reference_id=reference_id)
        self.options = [str(each).lower().lstrip(".") for each in options]
        self.required = required
        self.raw_upload = raw_upload
        self.filename: str | None = None

    def get_value(self) -> str | None:
        """Return the name of the file; `get_element_value` has what is in it."""
        return self.filename

    def set_value(self, value: object) -> None:
        """Take the name of a file that was uploaded."""
        kind = str(value).rpartition(".")[2].lower()
        if "*" not in self.options and kind not in self.options:
            raise self._refuse(value, f"a file of {', '.join(self.options)}")
        self.filename = str(value)

    @property
    def is_table(self) -> bool:
        """Whether the action makes a dataframe of the file."""
        kind = (self.filename or "").rpartition(".")[2].lower()
        return not self.raw_upload and kind in TABULAR


class CustomEvent(InputElement):
    """A button; pressing it calls a function."""

    type = "custom_event"
    transient = frozenset({"callback"})

    def __init__(
        self,
        title: str = "",
        description: str = "",
        *,
        callback: Callable[..., object] | None = None,
        reference_id: str | None = None,
    ) -> None:
        super().__init__(title, description, reference_id=reference_id)
        self.callback = callback

    def get_value(self) -> None:
        """Return nothing: a button has no value."""

    def set_value(self, value: object) -> None:
        """Refuse every value."""
        raise self._refuse(value, "nothing: press it")
