"""Tables as tablevault 0.1 stored them: CSV files with the types beside them."""

import json
from pathlib import Path

import pandas as pd

from nacre_adapters.tablevault.artifact_string import NAME as ARTIFACT
from nacre_adapters.tablevault.content import Prepared
from nacre_adapters.tablevault.errors import TVTableError


def read_frame(folder: Path) -> Prepared | None:
    """Return the table in the folder of an instance; None when it was deleted or is empty.

    Texts come back as they were written, also where the original reads them as missing (`NA`,
    `null`) or as the end of a row (a lone carriage return).

    Raises:
        TVTableError: the file does not fit its types.
    """
    path, types = folder / "table.csv", folder / "dtypes.json"
    if not path.exists() or not types.exists():
        return None
    dtypes: dict[str, str] = json.loads(types.read_text())
    if not dtypes:
        return None
    artifacts = [name for name, dtype in dtypes.items() if dtype == ARTIFACT]
    wanted = {
        name: "string" if dtype in (ARTIFACT, "str") else dtype for name, dtype in dtypes.items()
    }
    try:
        frame = pd.read_csv(
            path,
            dtype=wanted,
            keep_default_na=False,
            na_values=[""],
            lineterminator="\n",
            **_exactly(),
        )
    except (ValueError, TypeError, pd.errors.ParserError) as error:
        raise TVTableError(f"{path} does not fit {types.name}: {error}") from error
    return Prepared(frame=frame, artifact_columns=artifacts)


def _exactly() -> dict[str, str]:
    """Return what makes pandas read floats as they were written, which pandas 3 does by itself."""
    return {"float_precision": "round_trip"} if pd.__version__.startswith("2.") else {}
