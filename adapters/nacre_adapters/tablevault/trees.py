"""A TableVault as a tree to print, laid out and sorted as the original's folders are.

Labels are texts of rich: in plain ones it would read the brackets of `datetime64[us]` as markup.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.text import Text
from rich.tree import Tree

from nacre.frames import describe_frame
from nacre_adapters.tablevault.artifacts import kept_files, temporary_folder
from nacre_adapters.tablevault.names import temporary_id, version_in
from nacre_adapters.tablevault.reading import Reader
from nacre_adapters.tablevault.state import Instance, Table, Temporary


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a tree shows besides tables, instances and columns."""

    code: bool = True
    builders: bool = True
    metadata: bool = False
    artifacts: bool = False


def file_tree(
    reader: Reader, label: str, shown: Shown, *, table_name: str = "", instance_id: str = ""
) -> Tree | None:
    """Return the tree of the vault, a table or an instance; None when there is none."""
    label = label.rstrip("/")
    if not table_name:
        return _vault_tree(reader, label, shown)
    table = reader.tables.table(table_name)
    if table is None:
        return None
    if not instance_id:
        return _table_tree(Tree(Text(f"{label}/{table.name}/")), reader, table, shown)
    version = version_in(instance_id)
    found = (
        reader.tables.temporary(table.number, version)
        if version
        else reader.tables.instance(table.number, instance_id)
    )
    if found is None or (isinstance(found, Instance) and found.is_deleted):
        return None
    return _instance_tree(Tree(Text(f"{label}/{table.name}/{instance_id}/")), reader, found, shown)


def _vault_tree(reader: Reader, label: str, shown: Shown) -> Tree:
    tree = Tree(Text(f"{label}/"))
    for table in sorted(reader.tables.tables(), key=lambda table: table.name):
        _table_tree(tree.add(Text(f"{table.name}/")), reader, table, shown)
    if shown.code:
        _folder(tree, "code_functions", (f"{name}.py" for name in reader.tables.modules()))
    if shown.metadata:
        tree.add("description.yaml")
    return tree


def _table_tree(tree: Tree, reader: Reader, table: Table, shown: Shown) -> Tree:
    for temporary in reader.tables.temporaries(table.number):
        branch = tree.add(Text(f"{temporary_id(temporary.version)}/"))
        _instance_tree(branch, reader, temporary, shown)
    for instance in reader.tables.instances(table.number):
        _instance_tree(tree.add(Text(f"{instance.id}/")), reader, instance, shown)
    if shown.metadata:
        tree.add("description.yaml")
    return tree


def _instance_tree(tree: Tree, reader: Reader, found: Instance | Temporary, shown: Shown) -> Tree:
    for name, dtype in _columns(reader, found):
        tree.add(Text(f"{name}({dtype})"))
    if shown.metadata:
        _leaves(tree, ("dtypes.json", "table.csv"))
        if isinstance(found, Instance) and found.modules:
            _folder(tree, "EXECUTION_ARCHIVE", (f"{name}.py" for name in found.modules))
    files = _files(reader, found) if shown.artifacts else []
    if files:
        _folder(tree, "artifacts", files)
    if shown.builders and not found.external_edit:
        _folder(tree, "builders", (f"{name}.yaml" for name in found.builders))
    if shown.metadata:
        tree.add("description.yaml")
    return tree


def _columns(reader: Reader, found: Instance | Temporary) -> list[tuple[str, str]]:
    if found.frame is None:
        return []
    return [
        (
            str(column.label),
            "artifact_string" if column.label in found.artifact_columns else column.type,
        )
        for column in describe_frame(reader.vault, found.frame).columns
    ]


def _files(reader: Reader, found: Instance | Temporary) -> list[str]:
    if isinstance(found, Instance):
        return [str(path) for path in kept_files(reader.vault, found)]
    folder = temporary_folder(reader.files, found, create=False)
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _folder(tree: Tree, name: str, files: Iterable[str]) -> None:
    _leaves(tree.add(Text(f"{name}/")), sorted(files))


def _leaves(tree: Tree, names: Iterable[str]) -> None:
    for name in names:
        tree.add(Text(name))
