"""Elements that users choose in: one or several of options, a connection, an asset."""

from collections.abc import Mapping, Sequence

from nacre_adapters.flowstore.assets.types import AssetType
from nacre_adapters.flowstore.connections import ConnectionType
from nacre_adapters.flowstore.pages.errors import InvalidPage
from nacre_adapters.flowstore.pages.inputs import InputElement

Choice = str | int | float


class Dropdown(InputElement):
    """One of several options, or several. Options are a list, or a dict from label to value."""

    type = "dropdown"

    def __init__(
        self,
        options: Sequence[Choice] | Mapping[str, object],
        title: str = "",
        description: str = "",
        *,
        selected: object = None,
        multiselect: bool = False,
        max_selections: int | None = None,
        reference_id: str | None = None,
    ) -> None:
        super().__init__(title, description, reference_id=reference_id)
        self.options = dict(options) if isinstance(options, Mapping) else list(options)
        self.multiselect = multiselect
        self.max_selections = max_selections
        self.selected: list[object] = []
        if max_selections is not None and max_selections < 1:
            raise InvalidPage(f"max_selections={max_selections}: at least one")
        if selected is not None:
            self.set_value(selected)

    def get_value(self) -> object:
        """Return the chosen value or None; with *multiselect* all of them."""
        mapped = [self._meant(choice) for choice in self.selected]
        if self.multiselect:
            return mapped
        return mapped[0] if mapped else None

    def set_value(self, value: object) -> None:
        """Take a label, or a list of labels with *multiselect*; None is nothing."""
        many = isinstance(value, list | tuple | set)
        chosen = [] if value is None else list(value) if many else [value]  # type: ignore[call-overload]  # as was checked
        if len(chosen) > self._most():
            raise self._refuse(value, f"at most {self._most()}")
        for each in chosen:
            if each not in self._labels():
                raise self._refuse(each, f"one of {self._labels()!r:.200}")
        self.selected = chosen

    def _most(self) -> int:
        if not self.multiselect:
            return 1
        return len(self._labels()) if self.max_selections is None else self.max_selections

    def _labels(self) -> list[object]:
        return list(self.options)

    def _meant(self, choice: object) -> object:
        return self.options[choice] if isinstance(self.options, dict) else choice  # type: ignore[index]  # a label


class SingleDropdown(Dropdown):
    """One of several options."""

    type = "single_dropdown"


class MultiDropdown(Dropdown):
    """Several of several options."""

    type = "multi_dropdown"

    def __init__(
        self,
        options: Sequence[Choice] | Mapping[str, object],
        title: str = "",
        description: str = "",
        *,
        selected: object = None,
        max_selections: int | None = None,
        reference_id: str | None = None,
    ) -> None:
        super().__init__(
            options,
            title,
            description,
            selected=selected,
            multiselect=True,
            max_selections=max_selections,
            reference_id=reference_id,
        )


class DataSourceDropdown(InputElement):
    """One of the user's connections, of some types; its value is the connection."""

    type = "data_source_dropdown"

    def __init__(
        self,
        user_id: str | None = None,
        options: Sequence[ConnectionType] = (),
        title: str = "",
        description: str = "",
        *,
        reference_id: str | None = None,
    ) -> None:
        super().__init__(title, description, reference_id=reference_id)
        self.user_id = user_id
        self.options = [ConnectionType(each).value for each in options]
        self.selected: str | None = None

    def get_value(self) -> str | None:
        """Return the name or id of the connection; the interface makes a connection of it."""
        return self.selected

    def set_value(self, value: object) -> None:
        """Take the name or id of a connection."""
        if value is not None and not isinstance(value, str):
            raise self._refuse(value, "the name of a connection")
        self.selected = value


class AssetSelection(InputElement):
    """One of the user's assets; its value is the asset."""

    type = "asset_selection"

    def __init__(
        self,
        label: str | None = None,
        asset_type: AssetType | None = None,
        title: str = "",
        description: str = "",
        *,
        reference_id: str | None = None,
    ) -> None:
        super().__init__(title, description, reference_id=reference_id)
        self.asset_label = label
        self.asset_type = None if asset_type is None else AssetType(asset_type).value
        self.selected: str | None = None

    def get_value(self) -> str | None:
        """Return the id of the asset; the interface makes an asset of it."""
        return self.selected

    def set_value(self, value: object) -> None:
        """Take an asset, or its id."""
        identity = getattr(value, "id", value)
        if identity is not None and not isinstance(identity, str):
            raise self._refuse(value, "an asset or its id")
        self.selected = identity
