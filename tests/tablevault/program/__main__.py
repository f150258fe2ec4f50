"""A program of somebody who uses tablevault.core: it notes what each call returned or raised.

The notes of the original, beside which the adapter's are laid, were written by

    python tests/tablevault/program tablevault.core tests/fixtures/tablevault/program-0.1.1.json

with the interpreter of an environment that has tablevault 0.1.1 and pandas 2.2.3.
"""

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from files import Files
from nested import Nested
from notes import Notes, labels
from texts import (
    COLUMN,
    FRAME,
    GENERATOR,
    INDEX,
    KINDS,
    MODULE,
    NO_ARGUMENTS,
    PAIRS,
    RUNNING,
)


class Program:
    """The program, and its notes: label, what the call returned, or the classes of what it raised.

    Run it in an empty directory.
    """

    def __init__(self, module: str) -> None:
        self.core: Any = importlib.import_module(module)
        self._notes = Notes()
        self.note = self._notes.note

    def run(self) -> list[list[object]]:
        """Run all of it."""
        self._places()
        self._tables()
        self._modules()
        self._writes()
        self._types()
        self._builders()
        self._runs()
        self._references()
        self._refusals()
        self._pauses()
        for table, multiple in (("shared", False), ("own", True)):
            Files(self.v, self.note).write(table, multiple)
        Files(self.v, self.note).build()
        Nested(self.core, self.v, self.note).run()
        self._renames_and_deletions()
        self._trees()
        self._archives()
        return self._notes.lines

    def _places(self) -> None:
        Path("plain").mkdir()
        self.note("open nothing", lambda: self.core.TableVault("vault", "ana"))
        self.note("open a plain folder", lambda: self.core.TableVault("plain", "ana"))
        self.v = self.core.TableVault("vault", "ana", description="the vault", create=True)
        self.note("attributes", lambda: (self.v.author, self.v.db_dir, self.v.parent_id))
        self.note("describe the vault", self.v.get_descriptions)
        self.note("no tables", self.v.get_table_instances)
        self.note("no processes", self.v.get_active_processes)
        self.note("no such process", lambda: self.v.get_process_completion("nobody"))

    def _tables(self) -> None:
        v = self.v
        self.note("create a table", lambda: v.create_table("stories", False, False, "told"))
        self.note("create it again", lambda: v.create_table("stories"))
        for name in (".h", "builders", "metadata", "_temp", "", "artifacts", "a/b"):
            self.note(f"create {name!r}", lambda name=name: v.create_table(name))
        for name in ("a b", "TEMP_x", "self", "index", "ü.x"):
            self.note(f"create {name!r}", lambda name=name: v.create_table(name))
            self.note(f"delete {name!r}", lambda name=name: v.delete_table(name))
        self.note("describe a table", lambda: v.get_descriptions(table_name="stories"))
        self.note("describe no table", lambda: v.get_descriptions(table_name="nowhere"))
        self.note("instances of none", lambda: v.get_table_instances("nowhere"))
        self.note("read none", lambda: v.get_dataframe("nowhere"))
        self.note("read an empty one", lambda: v.get_dataframe("stories"))

    def _modules(self) -> None:
        v = self.v
        Path("code").mkdir()
        Path("code", "m.py").write_text(MODULE)
        self.note("a module of nothing", v.create_code_module)
        self.note("a module by name", lambda: v.create_code_module("template"))
        self.note("a file that is not there", lambda: v.create_code_module(copy_dir="no.py"))
        self.note("a file", lambda: v.create_code_module("", "code/m.py"))
        self.note("a text", lambda: v.create_code_module("text", "", "x = 1\n"))
        self.note("another name", lambda: v.create_code_module("m2", "code/m.py"))
        self.note("read a module", lambda: v.get_code_module_str("text"))
        self.note("read no module", lambda: v.get_code_module_str("nowhere"))
        self.note("delete a module", lambda: v.delete_code_module("m2"))
        self.note("delete it again", lambda: v.delete_code_module("m2"))
        self.note("modules", lambda: sorted(v.get_code_modules_list()))
        self.note("a folder", lambda: v.create_code_module("", "code"))

    def _writes(self) -> None:
        v = self.v
        cfg = pd.DataFrame({"name": ["base", "more"], "value": [100, 200]}).astype(
            {"name": "string"}
        )
        v.create_table("cfg")
        self.note("begin in no table", lambda: v.create_instance("nowhere"))
        self.note("begin a wrong version", lambda: v.create_instance("cfg", version="a_b"))
        self.note("follow nobody", lambda: v.create_instance("cfg", origin_id="zzz"))
        self.note("write before", lambda: v.write_instance(cfg, "cfg"))
        self.note("begin", lambda: v.create_instance("cfg", external_edit=True, description="c"))
        self.note("read a draft", lambda: v.get_dataframe("cfg", "TEMP_base"))
        self.note("list drafts", lambda: v.get_table_instances("cfg", include_temp=True))
        self.note("describe a draft", lambda: v.get_descriptions("TEMP_base", "cfg"))
        self.note("describe a draft of?", lambda: v.get_descriptions("TEMP_base"))
        self.note("execute it", lambda: v.execute_instance("cfg"))
        self.note("write nothing", lambda: v.write_instance(pd.DataFrame(), "cfg"))
        self.note("write None", lambda: v.write_instance(None, "cfg"))
        self.note("write", lambda: v.write_instance(cfg, "cfg"))
        self.note("write again", lambda: v.write_instance(cfg, "cfg"))
        self.note("read", lambda: v.get_dataframe("cfg"))
        for rows in (1, 0, -1):
            self.note(f"read {rows} rows", lambda rows=rows: v.get_dataframe("cfg", rows=rows))
        self.note("read no instance", lambda: v.get_dataframe("cfg", "nobody"))
        self.note("read no version", lambda: v.get_dataframe("cfg", version="other"))
        self.note("read the successful", lambda: v.get_dataframe("cfg", successful_only=True))
        self.note("describe it", lambda: v.get_descriptions(self._last("cfg"), "cfg"))
        self.note("describe its table", lambda: v.get_descriptions(table_name="cfg"))

    def _types(self) -> None:
        v, missing = self.v, None
        frame = pd.DataFrame(
            {
                "i": pd.Series([1, 2], dtype="int8"),
                "u": pd.Series([1, 2], dtype="uint16"),
                "f": [0.5, missing],
                "b": pd.array([True, missing], dtype="boolean"),
                "s": pd.array(["x", missing], dtype="string"),
                "I": pd.array([1, missing], dtype="Int32"),
                "c": pd.Categorical(["u", "v"]),
                "o": pd.Series(["p", "q"], dtype=object),
            }
        ).set_axis([5, 6])
        tables = {"types": frame, "numbered": pd.DataFrame([[1, 2]])}
        tables["doubled"] = pd.DataFrame([[1, 2]], columns=["a", "a"])
        v.create_table("types")
        pairs = [("cfg", self._last("cfg"))]
        for version, each in tables.items():
            v.create_instance("types", version=version, external_edit=True)
            self.note(version, lambda e=each, n=version: v.write_instance(e, "types", n, pairs))
            self.note(f"read {version}", lambda n=version: v.get_dataframe("types", version=n))
        self.note("describe", lambda: v.get_descriptions(self._last("types", "types"), "types"))
        v.create_instance("types", version="v1", external_edit=True, copy=True)
        self.note("a draft that follows", lambda: v.get_dataframe("types", "TEMP_v1"))
        self.note("which follows", lambda: v.get_descriptions("TEMP_v1", "types"))
        self.note("write v1", lambda: v.write_instance(frame[["i"]], "types", version="v1"))
        self.note("read v1", lambda: v.get_dataframe("types", version="v1"))
        self.note("read any", lambda: v.get_dataframe("types", version=""))
        self.note("all", lambda: v.get_table_instances("types", ""))

    def _builders(self) -> None:
        v = self.v
        v.create_table("calc", description="computed")
        Path("running.yaml").write_text(RUNNING)
        self.note("begin calc", lambda: v.create_instance("calc", builders=["pairs"]))
        self.note("its builders", lambda: sorted(v.get_builders_list("calc")))
        self.note("none yet", lambda: v.get_builders_list("calc", is_temp=False))
        self.note("none of q", lambda: v.get_builders_list("calc", version="q"))
        self.note("no such builder", lambda: v.get_builder_str("calc", "nowhere"))
        self.note("run templates", lambda: v.execute_instance("calc"))
        self.note("index", lambda: v.create_builder_file("calc", "calc_index", "base", "", INDEX))
        self.note("pairs", lambda: v.create_builder_file("calc", "pairs", text=PAIRS))
        self.note("running", lambda: v.create_builder_file("calc", copy_dir="running.yaml"))
        self.note("extra", lambda: v.create_builder_file("calc", "extra"))
        self.note("another index", lambda: v.create_builder_file("calc", "other_index"))
        self.note("no draft", lambda: v.create_builder_file("calc", "x", version="q"))
        self.note("no file", lambda: v.create_builder_file("calc", copy_dir="no.yaml"))
        self.note("delete extra", lambda: v.delete_builder_file("extra", "calc"))
        self.note("delete extra twice", lambda: v.delete_builder_file("extra", "calc"))
        self.note("read a builder", lambda: v.get_builder_str("calc", "pairs").strip())

    def _runs(self) -> None:
        v = self.v
        self.note("execute", lambda: v.execute_instance("calc"))
        self.note("calc", lambda: v.get_dataframe("calc"))
        first = self._last("calc")
        self.note("describe calc", lambda: v.get_descriptions(first, "calc"))
        self.note("builders of it", lambda: sorted(v.get_builders_list("calc", is_temp=False)))
        self.note("by id", lambda: sorted(v.get_builders_list("calc", first)))
        self.note("execute it again", lambda: v.execute_instance("calc"))
        self.note("begin a copy", lambda: v.create_instance("calc", copy=True))
        self.note("describe the copy", lambda: v.get_descriptions("TEMP_base", "calc"))
        self.note("builders of the copy", lambda: sorted(v.get_builders_list("calc")))
        later = INDEX.replace("low: 0, high: 4", "low: 3, high: 6") + "keep_old: true\n"
        v.create_builder_file("calc", "calc_index", text=later)
        self.note("execute the copy", lambda: v.execute_instance("calc"))
        self.note("calc with old rows", lambda: v.get_dataframe("calc"))
        self.note("both", lambda: v.get_table_instances("calc"))
        self.note("the first", lambda: v.get_dataframe("calc", first))
        self.note("follow the first", lambda: v.create_instance("calc", origin_id=first))
        self.note("force", lambda: v.execute_instance("calc", force_execute=True))
        self.note("calc by force", lambda: v.get_dataframe("calc"))

    def _references(self) -> None:
        for label, arguments in {
            "kinds of values": """
  a: <<cfg>>
  b: <<cfg.name[value::100]>>
  c: <<cfg.value[value::100:300]>>
  d: <<cfg[value::200]>>
  e: one <<cfg.name[value::200]>> and <<self.k[index]>>
""",
            "rows and lists": """
  a: <<self.index>>
  b: <<cfg.{name,value}>>
  c: {q: ['<<self.k[index]>>', 2]}
  d: <<cfg.name[value::1]>>
  e: 1<<cfg.value[name::base]>>
""",
        }.items():
            self._try(label, INDEX, KINDS + arguments)
            self.note(f"read {label}", lambda: self.v.get_dataframe("f"))

    def _refusals(self) -> None:
        for label, index, column in (
            ("a text by default", INDEX, COLUMN),
            ("nothing returned", INDEX, COLUMN.replace("word", "nothing")),
            ("a frame", INDEX, FRAME),
            ("a generator", GENERATOR, ""),
            ("raises", INDEX, COLUMN.replace("word", "halting")),
            ("no module", INDEX.replace("module: m", "module: zz"), ""),
            ("no function", INDEX.replace("rows", "zz"), ""),
            ("no frame", NO_ARGUMENTS.replace("rows", "no_frame"), ""),
            ("two columns", NO_ARGUMENTS.replace("rows", "two_columns"), ""),
            ("no type", INDEX.replace("builder_type: IndexBuilder", ""), ""),
            ("a wrong type", INDEX.replace("IndexBuilder", "Foo"), ""),
            ("no function named", INDEX.replace("python_function: rows", ""), ""),
            ("a wrong dtype", INDEX.replace("Int64", "Foo"), ""),
            ("a wrong key", INDEX.replace("primary_key: [k]", "primary_key: [z]"), ""),
            ("a wrong return type", INDEX, COLUMN.replace("row-wise", "foo")),
            ("no threads", INDEX, COLUMN + "n_threads: 0\n"),
            ("a cycle", INDEX, COLUMN.replace("self.k", "self.x")),
            ("no table", INDEX, COLUMN.replace("self.k[index]", "nowhere.k")),
            ("a wrong reference", INDEX, COLUMN.replace("self.k[index]", "cfg.value[")),
            ("no YAML", INDEX, "a: ["),
        ):
            self._try(label, index, column)
            self.note(f"after {label}", lambda: self.v.get_dataframe("f"))
            self.note(f"active after {label}", self.v.get_active_processes)

    def _pauses(self) -> None:
        v, halting = self.v, COLUMN.replace("word", "halting")
        self._draft(INDEX, halting)
        self.note("pause", lambda: v.execute_instance("f", process_id="job"))
        self.note("not complete", lambda: v.get_process_completion("job"))
        self.note("is active", lambda: "job" in v.get_active_processes())
        self.note("who", lambda: self._fields("job"))
        self.note("another call", lambda: v.create_table("zz", process_id="job"))
        self.note("what there is", lambda: v.get_dataframe("f", "TEMP_base"))
        Path("service.up").touch()
        self.note("resume", lambda: v.execute_instance("f", process_id="job"))
        self.note("resumed", lambda: v.get_dataframe("f"))
        self.note("complete", lambda: v.get_process_completion("job"))
        self.note("use it again", lambda: v.execute_instance("f", process_id="job"))
        for job, materialize in (("second", False), ("third", True)):
            Path("service.up").unlink(missing_ok=True)
            self._draft(INDEX, halting)
            self.note(f"pause {job}", lambda j=job: v.execute_instance("f", process_id=j))
            self.note(f"stop {job}", lambda j=job, m=materialize: v.stop_process(j, False, m))
            self.note(f"stop {job} again", lambda j=job: v.stop_process(j))
            self.note(f"{job} is complete", lambda j=job: v.get_process_completion(j))
            self.note(f"{job} left", lambda: v.get_dataframe("f"))
            self.note(f"{job} did", lambda: v.get_dataframe("f", successful_only=True))
        self.note("stop nobody", lambda: v.stop_process("nobody"))
        self._draft(INDEX, halting)
        self.note("pause last", lambda: v.execute_instance("f", process_id="last"))
        Path("service.up").touch()
        self.v = self.core.TableVault("vault", "ana", restart=True)
        self.note("restarted", lambda: self.v.get_dataframe("f"))
        self.note("last is complete", lambda: self.v.get_process_completion("last"))

    def _renames_and_deletions(self) -> None:
        v = self.v
        v.create_table("effects", has_side_effects=True)
        for x in (1, 2):
            v.create_instance("effects", external_edit=True)
            v.write_instance(pd.DataFrame({"x": [x]}), "effects")
        v.delete_instance(self._last("effects"), "effects")
        self.note("none is active", lambda: v.get_dataframe("effects"))
        self.note("the first is left", lambda: v.get_dataframe("effects", active_only=False))
        self.note("rename", lambda: v.rename_table("kinds", "types"))
        self.note("rename none", lambda: v.rename_table("x", "types"))
        self.note("rename to itself", lambda: v.rename_table("kinds", "kinds"))
        self.note("rename to another", lambda: v.rename_table("cfg", "kinds"))
        self.note("tables", lambda: sorted(v.get_table_instances()))
        self.note("renamed", lambda: v.get_dataframe("kinds", version="types"))
        gone = self._last("kinds", "types")
        self.note("delete an instance", lambda: v.delete_instance(gone, "kinds"))
        self.note("delete it twice", lambda: v.delete_instance(gone, "kinds"))
        self.note("read the deleted", lambda: v.get_dataframe("kinds", gone))
        self.note("what is left", lambda: v.get_table_instances("kinds", ""))
        v.create_instance("kinds", version="t")
        self.note("delete a draft", lambda: v.delete_instance("TEMP_t", "kinds"))
        self.note("no drafts", lambda: v.get_table_instances("kinds", "t", True))
        self.note("delete a table", lambda: v.delete_table("kinds"))
        self.note("delete it once more", lambda: v.delete_table("kinds"))
        self.note("its instances", lambda: v.get_table_instances("kinds"))
        self.note("create it anew", lambda: v.create_table("kinds"))
        self.note("it is empty", lambda: v.get_table_instances("kinds"))

    def _trees(self) -> None:
        v = self.v
        for label, tree in {
            "table": lambda: v.get_file_tree(table_name="cfg"),
            "instance": lambda: v.get_file_tree(self._last("calc"), "calc"),
            "no builders": lambda: v.get_file_tree(self._last("calc"), "calc", builder_files=False),
        }.items():
            self.note(f"tree of {label}", lambda t=tree: labels(t()))
        self.note("tree of the vault", lambda: labels(v.get_file_tree())[0])
        self.note("tree of nothing", lambda: v.get_file_tree(table_name="nowhere"))

    def _archives(self) -> None:
        core = self.core
        self.note("compress nothing", lambda: core.compress_vault("nowhere"))
        self.note("compress a plain folder", lambda: core.compress_vault("plain"))
        self.note("compress", lambda: core.compress_vault("vault", 1))
        self.note("it is there", lambda: Path("vault.tar.xz").exists())
        self.note("decompress nothing", lambda: core.decompress_vault("nowhere"))
        self.note("delete a plain folder", lambda: core.delete_vault("plain"))
        self.note("delete nothing", lambda: core.delete_vault("nowhere"))
        self.note("delete", lambda: core.delete_vault("vault"))
        self.note("it is gone", lambda: Path("vault").exists())
        self.note("decompress", lambda: core.decompress_vault("vault"))
        self.note("it is back", lambda: core.TableVault("vault", "bo").get_dataframe("cfg"))

    def _try(self, label: str, index: str, column: str) -> None:
        self._draft(index, column)
        self.note(label, lambda: self.v.execute_instance("f"))

    def _draft(self, index: str, column: str) -> None:
        """Begin an instance of the table f anew, with a builder of rows and one of a column."""
        if "f" in self.v.get_table_instances():
            self.v.delete_table("f")
        self.v.create_table("f")
        self.v.create_instance("f")
        self.v.create_builder_file("f", "f_index", text=index)
        if column:
            self.v.create_builder_file("f", "x", text=column)

    def _fields(self, job: str) -> list[object]:
        found = self.v.get_active_processes()[job]
        return [
            *(found.process_id, found.author, found.operation, found.execution_success),
            *(found.start_success, found.pid == os.getpid(), found.force_takedown),
        ]

    def _last(self, table: str, version: str = "base") -> str:
        return str(self.v.get_table_instances(table, version)[-1])


def main(module: str, target: str) -> None:
    """Run the program in a directory of its own, and write its notes."""
    path = Path(target).resolve()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        notes = Program(module).run()
        os.chdir(path.parent)
    path.write_text(json.dumps(notes, ensure_ascii=False, indent=0) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
