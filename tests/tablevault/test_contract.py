"""The interface of the original: names, order and defaults of parameters, and the rest of it."""

import inspect
import io
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console
from tablevault.vaults import make, numbers, whole, write

import nacre_adapters.tablevault as package
from nacre.errors import NacreError
from nacre_adapters.tablevault import (
    ProcessLog,
    TableReferenceError,
    TableVault,
    TableVaultError,
    TVFileError,
    core,
)

CODE = "import pandas\ndef f():\n    return pandas.DataFrame([[1]])"
TABLE = ("table_name", inspect.Parameter.empty)
PROCESS = ("process_id", "")
VERSION = ("version", "base")
WHICH = [TABLE, ("instance_id", ""), VERSION, ("is_temp", True)]
SIGNATURES = {
    "__init__": [
        ("db_dir", inspect.Parameter.empty),
        ("author", inspect.Parameter.empty),
        ("description", ""),
        ("create", False),
        ("restart", False),
        ("verbose", False),
        ("parent_id", ""),
    ],
    "create_table": [
        TABLE,
        ("allow_multiple_artifacts", False),
        ("has_side_effects", False),
        ("description", ""),
        PROCESS,
    ],
    "create_instance": [
        TABLE,
        ("version", ""),
        ("origin_id", ""),
        ("origin_table", ""),
        ("external_edit", False),
        ("copy", False),
        ("builders", None),
        ("description", ""),
        PROCESS,
    ],
    "create_code_module": [("module_name", ""), ("copy_dir", ""), ("text", ""), PROCESS],
    "create_builder_file": [
        TABLE,
        ("builder_name", ""),
        VERSION,
        ("copy_dir", ""),
        ("text", ""),
        PROCESS,
    ],
    "write_instance": [
        ("table_df", inspect.Parameter.empty),
        TABLE,
        VERSION,
        ("dependencies", None),
        ("dtypes", None),
        PROCESS,
    ],
    "execute_instance": [
        TABLE,
        VERSION,
        ("force_execute", False),
        PROCESS,
        ("background", False),
    ],
    "rename_table": [("new_table_name", inspect.Parameter.empty), TABLE, PROCESS],
    "delete_table": [TABLE, PROCESS],
    "delete_instance": [("instance_id", inspect.Parameter.empty), TABLE, PROCESS],
    "delete_code_module": [("module_name", inspect.Parameter.empty), PROCESS],
    "delete_builder_file": [("builder_name", inspect.Parameter.empty), TABLE, VERSION, PROCESS],
    "generate_process_id": [],
    "stop_process": [
        ("to_stop_process_id", inspect.Parameter.empty),
        ("force", False),
        ("materialize", False),
        PROCESS,
    ],
    "get_dataframe": [
        TABLE,
        ("instance_id", ""),
        VERSION,
        ("active_only", True),
        ("successful_only", False),
        ("rows", None),
        ("full_artifact_path", True),
    ],
    "get_file_tree": [
        ("instance_id", ""),
        ("table_name", ""),
        ("code_files", True),
        ("builder_files", True),
        ("metadata_files", False),
        ("artifact_files", False),
    ],
    "get_table_instances": [("table_name", ""), VERSION, ("include_temp", False)],
    "get_active_processes": [],
    "get_process_completion": [("process_id", inspect.Parameter.empty)],
    "get_descriptions": [("instance_id", ""), ("table_name", "")],
    "get_artifact_folder": WHICH,
    "get_builders_list": WHICH,
    "get_builder_str": [
        TABLE,
        ("builder_name", ""),
        ("instance_id", ""),
        VERSION,
        ("is_temp", True),
    ],
    "get_code_modules_list": [],
    "get_code_module_str": [("module_name", inspect.Parameter.empty)],
}
EXCEPTIONS = [
    f"TV{name}Error"
    for name in (
        "Artifact",
        "Argument",
        "Lock",
        "OpenAI",
        "Process",
        "File",
        "Builder",
        "Table",
        "Implementation",
    )
]


@pytest.mark.parametrize("method", SIGNATURES)
def test_a_method_has_the_signature_of_the_original(method: str) -> None:
    parameters = list(inspect.signature(getattr(TableVault, method)).parameters.values())[1:]

    positional = [one for one in parameters if one.kind is not inspect.Parameter.KEYWORD_ONLY]

    assert [(one.name, one.default) for one in positional] == SIGNATURES[method]


def test_the_functions_and_exceptions_are_there() -> None:
    for name, expected in {
        "compress_vault": ["db_dir", "preset"],
        "decompress_vault": ["db_dir"],
        "delete_vault": ["db_dir"],
    }.items():
        assert list(inspect.signature(getattr(core, name)).parameters) == expected
    for name in EXCEPTIONS:
        assert issubclass(getattr(package, name), TableVaultError)
        assert getattr(package, name).code.startswith("tablevault")
    assert issubclass(TableVaultError, NacreError)
    assert not issubclass(TableReferenceError, TableVaultError)


def test_a_record_of_a_process_has_the_fields_of_the_original() -> None:
    fields = list(inspect.signature(ProcessLog).parameters)

    assert fields[:13] == [
        "process_id",
        "author",
        "start_time",
        "log_time",
        "operation",
        "complete_steps",
        "step_times",
        "data",
        "execution_success",
        "start_success",
        "error",
        "pid",
        "force_takedown",
    ]


def test_builders_begin_as_templates_texts_and_files(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "one.yaml").write_text("one")
    (tmp_path / "more" / "two.yml").write_text("two")

    vault.create_instance("t", builders={"named": "its text", "empty": ""})
    vault.create_builder_file("t", copy_dir=str(tmp_path / "more"))
    vault.create_builder_file("t", "renamed", copy_dir=str(tmp_path / "more" / "one.yaml"))
    vault.create_builder_file("t")

    assert vault.get_builders_list("t") == ["t_index", "named", "empty", "one", "two", "renamed"]
    assert vault.get_builder_str("t", "named") == "its text"
    assert vault.get_builder_str("t", "renamed") == "one"
    assert "IndexBuilder" in vault.get_builder_str("t")
    assert "ColumnBuilder" in vault.get_builder_str("t", "empty")
    for wrong in (
        lambda: vault.create_builder_file("t", "u_index"),
        lambda: vault.create_builder_file("t", copy_dir=str(tmp_path / "nowhere")),
        lambda: vault.create_instance("t", external_edit=True, builders=["x"]),
        lambda: vault.delete_builder_file("nobody", "t"),
        lambda: vault.get_builder_str("t", "nobody"),
    ):
        with pytest.raises(TVFileError):
            wrong()
    assert len(vault.get_builders_list("t")) == 6


def test_what_follows_an_instance_has_its_builders(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t", "u")
    vault.create_code_module("m", text=CODE)
    vault.create_instance("t")
    text = (
        "builder_type: IndexBuilder\nchanged_columns: [k]\npython_function: f\ncode_module: m\n"
        "is_custom: true\narguments: {}\n"
    )
    vault.create_builder_file("t", text=text)
    vault.execute_instance("t")
    (first,) = vault.get_table_instances("t")

    vault.create_instance("t", copy=True)
    vault.create_instance("u", origin_id=first, origin_table="t")

    assert vault.get_builder_str("t") == text
    assert vault.get_builders_list("u") == ["t_index"]
    assert vault.get_builder_str("t", is_temp=False) == text


def test_code_is_kept_from_texts_files_and_folders(tmp_path: Path) -> None:
    vault = make(tmp_path / "v")
    folder = tmp_path / "code"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.py").write_text(f"# {name}\n")

    vault.create_code_module("empty")
    vault.create_code_module("text.py", text="x = 1")
    vault.create_code_module(copy_dir=str(folder))
    vault.create_code_module("renamed", copy_dir=str(folder / "a.py"))

    assert vault.get_code_modules_list() == ["a", "b", "empty", "renamed", "text"]
    assert vault.get_code_module_str("renamed") == "# a\n"
    assert (folder / "a.py").exists()
    vault.delete_code_module("a")
    assert "a" not in vault.get_code_modules_list()
    with pytest.raises(TVFileError, match="text of bad cannot be stored"):
        vault.create_code_module("bad", text="\ud800")
    with pytest.raises(TVFileError, match="could not copy"):
        vault.create_code_module(copy_dir=str(tmp_path / "v"))


def test_a_tree_shows_tables_columns_builders_and_files(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    instance = write(vault, numbers(1), "t")
    vault.create_instance("t", version="next")
    vault.create_code_module("m", text="x")

    def labels(tree: object) -> list[str]:
        return [str(tree.label), *(each for child in tree.children for each in labels(child))]

    shown = labels(vault.get_file_tree(metadata_files=True, artifact_files=True))

    assert shown[0] == f"{tmp_path / 'v'}/"
    assert {"t/", f"{instance}/", "TEMP_next/", "k(Int64)", "builders/"} <= {*shown}
    assert {"t_index.yaml", "code_functions/", "m.py"} <= {*shown}
    assert {"description.yaml", "dtypes.json", "table.csv"} <= {*shown}
    assert "m.py" not in labels(vault.get_file_tree(code_files=False))
    assert labels(vault.get_file_tree(instance, "t"))[0] == f"{tmp_path / 'v'}/t/{instance}/"
    assert vault.get_file_tree(table_name="nowhere") is None
    assert vault.get_file_tree("nobody", "t") is None
    assert whole(vault)


def test_a_tree_shows_brackets(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "a[b]")
    write(vault, pd.DataFrame({"day": pd.to_datetime(["2020-01-01"])}), "a[b]")
    console = Console(file=io.StringIO(), width=200)

    console.print(vault.get_file_tree())

    assert "a[b]/" in console.file.getvalue()
    assert "day(datetime64[" in console.file.getvalue()


def test_the_views_need_neither_pandas_nor_what_builders_need(tmp_path: Path) -> None:
    write(make(tmp_path / "v", "t"), numbers(1), "t")
    code = """
import sys, nacre
with nacre.open(sys.argv[1]) as vault:
    assert vault.verify().is_clean
print([name for name in ("pandas", "yaml", "pydantic", "rich.tree") if name in sys.modules])
"""

    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "v")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"


def test_every_name_of_the_package_is_there() -> None:
    assert all(getattr(package, name) is not None for name in package.__all__)
    assert callable(package.checkout)
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        _ = package.other
