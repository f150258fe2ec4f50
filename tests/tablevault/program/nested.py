"""The part of the program where builders open the vault, read their own table, or are built in."""

from collections.abc import Callable
from typing import Any

import pandas as pd

MODULE = """
import pandas as pd
from PACKAGE import TableVault

def rows(low, high):
    return pd.DataFrame({"k": range(low, high)})

def by_itself(process):
    vault = TableVault("vault", author=process)
    vault.create_table("inner", description="made inside")
    vault.create_instance("inner", external_edit=True)
    vault.write_instance(pd.DataFrame({"z": [1, 2]}), "inner")
    return pd.DataFrame({"k": ["done"]})

def as_a_part(process):
    part = TableVault("vault", author="bo", parent_id=process).create_table("part")
    return pd.DataFrame({"k": [part.startswith(process)]})

def seen(before, k):
    return f"{k} of {len(before)}"
"""
ROWS = """
builder_type: IndexBuilder
changed_columns: [k]
python_function: rows
code_module: nested
is_custom: true
arguments: {low: 0, high: 3}
dtypes: {k: Int64}
"""
PROCESS = ROWS.replace("{low: 0, high: 3}", "{process: ~PROCESS_ID~}").replace("Int64", "string")
OWN = """
builder_type: ColumnBuilder
changed_columns: [x]
python_function: seen
code_module: nested
is_custom: true
return_type: row-wise
arguments:
  before: <<history>>
  k: <<self.k[index]>>
"""
LISTED = """
builder_type: IndexBuilder
changed_columns: [q]
python_function: create_data_table_from_list
code_module: table_generation
is_custom: false
arguments: {vals: [3, 4]}
dtypes: {q: Int64}
"""
RANDOM = """
builder_type: ColumnBuilder
changed_columns: [r]
python_function: random_row_string
code_module: random_string
is_custom: false
return_type: row-wise
arguments: {column_names: [r]}
"""


class Nested:
    """What the program does with an open vault, and notes."""

    def __init__(self, core: Any, vault: Any, note: Callable[[str, Callable[[], object]], None]):
        self.v, self.note = vault, note
        vault.create_code_module("nested", text=MODULE.replace("PACKAGE", core.__name__))

    def run(self) -> None:
        """Run all of it."""
        v = self.v
        for function in ("by_itself", "as_a_part"):
            self._execute(function, PROCESS.replace("rows", function))
        self.note("inner", lambda: v.get_dataframe("inner"))
        self.note("part", lambda: v.get_descriptions(table_name="part"))
        self._execute("history", ROWS)
        self._execute("history", ROWS.replace("low: 0", "low: 1"), OWN)
        self._built_in()
        self._versions()

    def _execute(self, table: str, index: str, column: str = "", *, hidden: str = "") -> None:
        v = self.v
        if table not in v.get_table_instances():
            v.create_table(table)
        v.create_instance(table)
        v.create_builder_file(table, f"{table}_index", text=index)
        if column:
            v.create_builder_file(table, "column", text=column)
        label = f"{table} {len(v.get_table_instances(table))}"
        self.note(f"{label} runs", lambda: v.execute_instance(table))
        self.note(label, lambda: v.get_dataframe(table)[0].drop(columns=hidden or []))

    def _built_in(self) -> None:
        v = self.v
        self._execute("random", LISTED, RANDOM, hidden="r")
        kept = v.get_dataframe("random")[0]["r"].tolist()
        self.note("lengths", lambda: [len(text) for text in kept])
        for force in (False, True):
            v.create_instance("random", copy=True)
            self.note(f"again, {force}", lambda f=force: v.execute_instance("random", "base", f))
            same = v.get_dataframe("random")[0]["r"].tolist() == kept
            self.note(f"the same, {force}", lambda s=same: s)

    def _versions(self) -> None:
        v = self.v
        v.create_table("versions")
        for version in ("v1", "v2", "v1"):
            v.create_instance("versions", version=version, external_edit=True)
            v.write_instance(pd.DataFrame({"x": [len(version)]}), "versions", version)
        for version in ("v1", "v2", "", "base"):
            self.note(f"of {version!r}", lambda n=version: v.get_dataframe("versions", version=n))
            self.note(f"all {version!r}", lambda n=version: v.get_table_instances("versions", n))
        (origin,) = v.get_table_instances("inner")
        self.note(
            "another table's",
            lambda: v.create_instance("versions", "o", origin, "inner", external_edit=True),
        )
        self.note("content", lambda: v.get_dataframe("versions", "TEMP_o"))
        self.note("origin", lambda: v.get_descriptions("TEMP_o", "versions"))
        pairs = [("inner", "bogus"), ("a", "b")]
        frame = pd.DataFrame({"x": [1]})
        self.note("write it", lambda: v.write_instance(frame, "versions", "o", pairs))
        (made,) = v.get_table_instances("versions", "o")
        self.note("made of", lambda: v.get_descriptions(made, "versions"))
