"""A schema: which columns a frame must have, of which types, and with which values."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pandas as pd

from nacre.errors import InvalidInput
from nacre_adapters.flowstore.assets.asset import Asset
from nacre_adapters.flowstore.assets.types import AssetType

# pandas 3 calls text what earlier versions kept as objects.
_TEXT = frozenset({"object", "str", "string"})


class Schema(Asset):
    """Columns with their types, and optionally what values each may have."""

    class_name: ClassVar[str] = "schema"

    def __init__(  # noqa: PLR0917 - the interface has them in this order
        self,
        schema: pd.Series,
        exact_match: bool = False,
        valid_inputs: Mapping[str, Sequence[object]] | None = None,
        label: str = "schema",
        metadata: Mapping[str, object] | None = None,
        name: str | None = None,
        description: str | None = None,
        version: object = None,
    ) -> None:
        """Make a schema of a series of types by column.

        *valid_inputs* has [least, greatest] for numbers and a list of values for all else.

        Raises:
            InvalidInput: an exact match needs values for every column, where any are given.
        """
        types = pd.Series(schema)
        columns = {column: str(kind) for column, kind in types.items()}
        valid = None if valid_inputs is None else {k: list(v) for k, v in valid_inputs.items()}
        missing = [column for column in columns if valid is not None and column not in valid]
        if exact_match and missing:
            raise InvalidInput(f"valid_inputs has nothing for {missing}: an exact match needs it")
        settings = {"columns": columns, "exact_match": exact_match, "valid_inputs": valid}
        super().__init__(settings, label, AssetType.SCHEMA, metadata, name, description, version)

    @property
    def schema(self) -> pd.Series:
        """The types by column, as text."""
        return pd.Series(self._columns, dtype=object)

    @property
    def exact_match(self) -> bool:
        """Whether a frame may have no other columns."""
        return bool(self._settings["exact_match"])

    @property
    def valid_inputs(self) -> dict[object, list[object]] | None:
        """What values each column may have."""
        found = self._settings["valid_inputs"]
        assert found is None or isinstance(found, dict)
        return found

    def validate(self, df: pd.DataFrame) -> bool:
        """Return True when a frame fits.

        Raises:
            InvalidInput: (a ValueError) it does not; the message has everything that is wrong.
        """
        wrong = [*self._wrong_columns(df), *self._wrong_values(df)]
        if wrong:
            raise InvalidInput("the frame does not fit the schema: " + "; ".join(wrong))
        return True

    @property
    def _settings(self) -> dict[str, object]:
        found = self.object
        assert isinstance(found, dict)
        return found

    @property
    def _columns(self) -> dict[object, str]:
        found = self._settings["columns"]
        assert isinstance(found, dict)
        return found

    def _wrong_columns(self, df: pd.DataFrame) -> list[str]:
        wrong = [f"it has no column {name!r}" for name in self._columns if name not in df.columns]
        for name, kind in self._columns.items():
            if name in df.columns and not _is_same(str(df[name].dtype), kind):
                wrong.append(f"{name!r} is {df[name].dtype}, not {kind}")
        if self.exact_match:
            others = [name for name in df.columns if name not in self._columns]
            wrong += [f"it has a column {name!r} besides" for name in others]
        return wrong

    def _wrong_values(self, df: pd.DataFrame) -> list[str]:
        wrong = []
        for name, valid in (self.valid_inputs or {}).items():
            if name in df.columns:
                bad = _outside(df[name], valid)
                if len(bad):
                    wrong.append(f"{name!r} has {len(bad)} values that are not allowed: {bad[0]!r}")
        return wrong


def _is_same(found: str, wanted: str) -> bool:
    return found == wanted or {found, wanted} <= _TEXT


def _outside(column: pd.Series, valid: list[object]) -> list[object]:
    present = column.dropna()
    if pd.api.types.is_numeric_dtype(column) and len(valid) == 2:
        return list(present[~present.between(*valid)])
    return list(present[~present.isin(valid)])
