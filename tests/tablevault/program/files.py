"""The part of the program that works with files of instances."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from texts import FILES, INDEX


class Files:
    """What the program does with an open vault, and notes."""

    def __init__(self, vault: Any, note: Callable[[str, Callable[[], object]], None]) -> None:
        self.v, self.note = vault, note

    def write(self, table: str, multiple: bool) -> None:
        v = self.v
        v.create_table(table, allow_multiple_artifacts=multiple)
        frame = pd.DataFrame({"n": [1, 2], "file": ["a.txt", None]})
        for turn in range(2):
            v.create_instance(table, external_edit=True)
            Path(self._folder(table), "a.txt").write_text(f"text {turn}")
            typed = frame.astype({"file": "artifact_string"})
            self.note(f"{table} write {turn}", lambda f=typed: v.write_instance(f, table))
            self.note(f"{table} type {turn}", lambda: str(v.get_dataframe(table)[0].dtypes["file"]))
            self.note(
                f"{table} text {turn}", lambda: self._text(v.get_dataframe(table)[0]["file"][0])
            )
            self.note(f"{table} none {turn}", lambda: repr(v.get_dataframe(table)[0]["file"][1]))
            self.note(
                f"{table} names {turn}", lambda: v.get_dataframe(table, full_artifact_path=False)
            )
            kept = v.get_artifact_folder(table, is_temp=False)
            self.note(
                f"{table} files {turn}",
                lambda k=kept: sorted(each.name for each in Path(k).iterdir()),
            )
        v.create_instance(table, external_edit=True)
        lost = pd.DataFrame({"file": ["zz.txt"]}).astype({"file": "artifact_string"})
        self.note(f"{table} missing", lambda: v.write_instance(lost, table))
        self.note(f"{table} has two", lambda: v.get_table_instances(table))
        self.note(f"{table} describe", lambda: v.get_descriptions(table_name=table))
        self.note(f"{table} no folder", lambda: v.get_artifact_folder(table, "nobody"))

    def build(self) -> None:
        v = self.v
        v.create_table("built")
        v.create_instance("built")
        v.create_builder_file("built", "built_index", text=INDEX)
        v.create_builder_file("built", "files", text=FILES)
        self._folder("built")
        self.note("build files", lambda: v.execute_instance("built"))
        self.note("built", lambda: v.get_dataframe("built", full_artifact_path=False))
        self.note(
            "texts", lambda: [self._text(each) for each in v.get_dataframe("built")[0]["file"]]
        )

    def _folder(self, table: str) -> str:
        """Return the folder of a draft's files, which the original neither makes nor opens."""
        folder = Path(self.v.get_artifact_folder(table))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        return str(folder)

    def _text(self, path: str) -> str:
        return Path(path).read_text()
