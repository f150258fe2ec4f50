"""TableVaults for tests."""

from pathlib import Path

import pandas as pd

from nacre_adapters.tablevault import TableVault


def make(path: Path, *tables: str, **options: object) -> TableVault:
    """Return a new TableVault with tables."""
    vault = TableVault(path, "ana", create=True)
    for table in tables:
        vault.create_table(table, **options)
    return vault


def write(vault: TableVault, frame: pd.DataFrame, table: str, version: str = "base") -> str:
    """Make an instance of a frame, and return its id."""
    vault.create_instance(table, version=version, external_edit=True)
    vault.write_instance(frame, table, version=version)
    return vault.get_table_instances(table, version)[-1]


def numbers(rows: int, start: int = 0) -> pd.DataFrame:
    """Return a frame of nullable numbers and texts, which comes back equal."""
    return pd.DataFrame(
        {
            "k": pd.array(range(start, start + rows), dtype="Int64"),
            "name": pd.array([f"n{n}" for n in range(start, start + rows)], dtype="string"),
        }
    )


def whole(vault: TableVault) -> bool:
    """Tell whether log, blobs and views agree."""
    return vault.vault.verify().is_clean and vault.vault.replay().is_equal
