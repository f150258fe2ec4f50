"""What the program notes of its calls, in a form that two packages can have in common."""

import re
from collections.abc import Callable
from typing import Any

import pandas as pd

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Notes:
    """Label, what the call returned, or the classes of what it raised; ids are numbered."""

    def __init__(self) -> None:
        self.lines: list[list[object]] = []
        self._ids: dict[str, str] = {}

    def note(self, label: str, call: Callable[[], object]) -> None:
        """Call, and note what comes of it."""
        try:
            self.lines.append([label, "returned", self._shown(call())])
        except Exception as error:  # noqa: BLE001 - which one is what is noted
            self.lines.append([label, "raised", [each.__name__ for each in type(error).__mro__]])

    def _shown(self, value: object) -> str:
        if isinstance(value, tuple) and value and isinstance(value[0], pd.DataFrame):
            return " ".join(map(self._shown, value))
        if isinstance(value, pd.DataFrame):
            cells = value.astype(object).where(value.notna(), None).to_numpy().tolist()
            types = {str(name): str(dtype) for name, dtype in value.dtypes.items()}
            return f"{types} {list(value.index)} {cells}"
        instances = re.sub(rf"[a-z0-9.]+_\d{{9,11}}_{_UUID}", self._number, str(value))
        return f"{type(value).__name__}: {re.sub(_UUID, 'UUID', instances)}"

    def _number(self, found: re.Match[str]) -> str:
        return self._ids.setdefault(found[0], f"INSTANCE{len(self._ids)}")


def labels(tree: Any) -> list[object]:
    """Return the labels of a tree of rich, without colours."""
    label = re.sub(r"\[[a-z_ ]+\]", "", str(tree.label))
    return [label, *(labels(child) for child in tree.children)]
