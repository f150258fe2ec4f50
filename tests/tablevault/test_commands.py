"""The command line: the original's commands, with what they print."""

import json
import tarfile
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from tablevault.test_migration import FIXTURE
from tablevault.vaults import make, numbers

from nacre_adapters.tablevault import TableVault, checkout
from nacre_adapters.tablevault.cli.program import program

COMMANDS = {
    "create-table": (1, "--multiple-artifacts --side-effects"),
    "create-instance": (1, "--version --origin-id --origin-table --external-edit --copy --builder"),
    "create-code-module": (0, "--module-name --copy-dir"),
    "create-builder-file": (1, "--builder-name --version --copy-dir"),
    "execute-instance": (1, "--version --force --background"),
    "write-instance": (1, "--csv --version"),
    "rename-table": (2, ""),
    "delete-table": (1, ""),
    "delete-instance": (2, ""),
    "delete-code-module": (1, ""),
    "delete-builder-file": (2, "--version"),
    "get-dataframe": (
        1,
        "--output --instance-id --version --rows --include-inactive --no-artifact-path",
    ),
    "get-table-instances": (0, "--table_name --version --temp --no-temp"),
    "get-descriptions": (0, "--table-name --instance-id"),
    "get-active-processes": (0, ""),
    "get-process-completion": (1, ""),
    "get-artifact-folder": (1, "--instance-id --version --temp --materialised"),
    "get-file-tree": (
        0,
        "--table-name --instance-id --code-files --no-code-files --builder-files "
        "--no-builder-files --metadata-files --no-metadata-files "
        "--artifact-files --no-artifact-files",
    ),
    "get-modules-list": (0, ""),
    "get-builders-list": (1, "--instance-id --version --temp --materialised"),
    "get-builder-str": (1, "--builder-name --instance-id --version --temp --materialised"),
    "get-code-module-str": (1, ""),
    "generate-process-id": (0, ""),
    "stop-process": (1, "--force --materialize"),
    "compress": (1, "--preset"),
    "decompress": (1, ""),
    "delete-vault": (1, "--yes"),
}
"""Those of the original: how many arguments they take, and their options."""


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, code: int = 0) -> Result:
    """Run a command on the vault `v`, which must end with a code."""
    result = CliRunner().invoke(program, ["--db-dir", "v", "--author", "ana", *arguments])
    assert result.exit_code == code, result.output
    return result


def test_a_vault_is_made_filled_and_read_from_the_command_line() -> None:
    numbers(3).to_csv("numbers.csv", index=False)
    run("create", "--description", "what for")
    process = run("create-table", "t", "--multiple-artifacts", "--description", "d").output.strip()
    run("create-instance", "t", "--external-edit")
    run("write-instance", "t", "--csv", "numbers.csv")

    assert json.loads(run("get-table-instances").output) == ["t"]
    (instance,) = json.loads(run("get-table-instances", "t").output)
    assert json.loads(run("get-table-instances", "--table_name", "t").output) == [instance]
    assert run("get-dataframe", "t", "--output", "out.csv").output.strip() == instance
    assert pd.read_csv("out.csv")["k"].tolist() == [0, 1, 2]
    assert json.loads(run("get-descriptions", "--table-name", "t").output)["summary"] == "d"
    assert run("get-process-completion", process).output == "True\n"
    assert json.loads(run("get-active-processes").output) == {}
    assert "t" in run("get-file-tree").output
    run("rename-table", "t", "u")
    run("delete-instance", "u", instance)
    run("delete-table", "u")
    assert json.loads(run("get-table-instances").output) == []


def test_builders_and_modules_are_written_and_shown() -> None:
    Path("m.py").write_text("x = 1\n")
    Path("b.yaml").write_text("builder_type: ColumnBuilder\n")
    run("create")
    run("create-table", "t")
    run("create-code-module", "--copy-dir", "m.py")
    run("create-instance", "t", "--builder", "extra")
    run("create-builder-file", "t", "--copy-dir", "b.yaml")

    assert json.loads(run("get-modules-list").output) == ["m"]
    assert run("get-code-module-str", "m").output == "x = 1\n\n"
    assert json.loads(run("get-builders-list", "t").output) == ["t_index", "extra", "b"]
    assert "IndexBuilder" in run("get-builder-str", "t").output
    assert run("get-builder-str", "t", "--builder-name", "b").output.startswith("builder_type")
    run("delete-builder-file", "t", "b")
    run("delete-code-module", "m")
    assert json.loads(run("get-builders-list", "t").output) == ["t_index", "extra"]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_takes_what_that_of_the_original_takes(name: str) -> None:
    arguments, options = COMMANDS[name]
    command = program.commands[name]

    required = [each for each in command.params if each.param_type_name == "argument"]
    known = {each for one in command.params for each in (*one.opts, *one.secondary_opts)}

    assert len([each for each in required if each.required]) == arguments
    assert known >= set(options.split())


def test_a_refusal_is_one_line_and_a_missing_option_is_a_wrong_call() -> None:
    run("create")

    refused = run("delete-table", "t", code=1)
    missing = CliRunner().invoke(program, ["create-table", "t"])

    assert refused.stderr.startswith("TableVault error: t doesn't exist")
    assert missing.exit_code == 2
    run("stop-process", "nobody", code=1)
    run("write-instance", "t", "--csv", "nowhere.csv", code=1)
    assert run("generate-process-id").output.count("-") == 4


def test_a_vault_is_packed_unpacked_and_deleted() -> None:
    run("create")
    run("create-table", "t")

    run("compress", "v", "--preset", "1")
    run("delete-vault", "v", "--yes")
    run("decompress", "v")

    assert json.loads(run("get-table-instances").output) == ["t"]


def test_an_old_vault_is_imported(tmp_path: Path) -> None:
    with tarfile.open(FIXTURE) as archive:
        archive.extractall(tmp_path, filter="data")

    imported = run("import", "old", "v")

    assert "imported 6 tables, 9 instances, 2 temporary ones" in imported.stdout
    assert "calc" in json.loads(run("get-table-instances").output)
    run("import", "old", "v", code=1)


def test_a_checkout_is_laid_out_as_the_original_does(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t", description="d")
    vault.create_code_module("m", text="x = 1\n")
    vault.create_instance("t", external_edit=True)
    (Path(vault.get_artifact_folder("t")) / "old.txt").write_text("y")
    vault.write_instance(numbers(2), "t")
    (instance,) = vault.get_table_instances("t")
    vault.create_instance("t")
    (Path(vault.get_artifact_folder("t")) / "a.txt").write_text("x")

    assert checkout(vault, tmp_path / "out") == 1

    found = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*")}
    assert found >= {
        "description.yaml",
        "code_functions/m.py",
        "t/description.yaml",
        f"t/{instance}/table.csv",
        f"t/{instance}/dtypes.json",
        f"t/{instance}/description.yaml",
        f"t/{instance}/artifacts/old.txt",
        "t/artifacts/old.txt",
        "t/TEMP_base/builders/t_index.yaml",
        "t/TEMP_base/artifacts/a.txt",
        "t/artifacts",
    }
    stored = pd.read_csv(tmp_path / "out" / "t" / instance / "table.csv")
    assert stored["k"].tolist() == [0, 1]
    run("checkout", "out", code=1)
    TableVault(tmp_path / "v", "ana").close()
