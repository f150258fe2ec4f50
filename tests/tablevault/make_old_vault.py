"""Makes the fixture: a vault of the package tablevault 0.1.1, in an environment of its own.

python tests/tablevault/make_old_vault.py tests/fixtures/tablevault/tablevault-0.1.1.tar.xz
"""

import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

REQUIREMENTS = ("tablevault==0.1.1", "pandas==2.2.3")

PROGRAM = '''
import pathlib, sys
import pandas as pd
from tablevault.core import TableVault

vault = TableVault(sys.argv[1], "ana", "an old vault", create=True)
vault.create_code_module("m", text="""
import pandas as pd
def idx(lo, hi):
    return pd.DataFrame({"k": range(lo, hi)})
def pair(k, base):
    return k + base, f"#{k}"
""")

vault.create_table("cfg", description="settings")
vault.create_instance("cfg", external_edit=True, description="one row")
vault.write_instance(pd.DataFrame({"name": ["base"], "value": [100]}), "cfg")

vault.create_table("plain", description="all types")
vault.create_instance("plain", external_edit=True, description="the first")
frame = pd.DataFrame({
    "i": [1, 2, None], "f": [0.5, None, 1e300], "s": ["x", "a,b", None],
    "c": pd.Categorical(["u", "v", "u"]), "b": pd.array([True, None, False], dtype="boolean"),
}).astype({"i": "Int32", "s": "string"})
vault.write_instance(frame, "plain", dependencies=[("cfg", "bogus")])
vault.create_instance("plain", version="v2", external_edit=True, copy=True)
vault.write_instance(frame.head(2), "plain", version="v2", process_id="job")
vault.create_instance("plain", version="draft", external_edit=True, description="not yet")
(first,) = vault.get_table_instances("plain")
vault.create_instance("plain", external_edit=True)
vault.write_instance(frame.tail(1), "plain")
vault.delete_instance(first, "plain")

vault.create_table("files", allow_multiple_artifacts=True)
for text in ("one", "two"):
    vault.create_instance("files", external_edit=True)
    folder = pathlib.Path(vault.get_artifact_folder("files"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    (folder / "a.txt").write_text(text)
    cells = pd.DataFrame({"file": pd.Series(["a.txt"]).astype("artifact_string")})
    vault.write_instance(cells, "files")

vault.create_table("shared", has_side_effects=True)
for text in ("three", "four"):
    vault.create_instance("shared", external_edit=True)
    folder = pathlib.Path(vault.get_artifact_folder("shared"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    (folder / "a.txt").write_text(text)
    cells = pd.DataFrame({"file": pd.Series(["a.txt"]).astype("artifact_string")})
    vault.write_instance(cells, "shared")

vault.create_table("calc")
vault.create_instance("calc", builders=["pairs"])
vault.create_builder_file("calc", "calc_index", text="""
builder_type: IndexBuilder
changed_columns: [k]
primary_key: [k]
python_function: idx
code_module: m
is_custom: true
arguments: {lo: 0, hi: 4}
dtypes: {k: Int64}
""")
vault.create_builder_file("calc", "pairs", text="""
builder_type: ColumnBuilder
changed_columns: [a, b]
python_function: pair
code_module: m
is_custom: true
return_type: row-wise
arguments:
  k: <<self.k[index]>>
  base: <<cfg.value[name::base]>>
dtypes: {a: Int64, b: string}
""")
vault.execute_instance("calc")
vault.create_instance("calc", copy=True, description="to be run")

vault.create_table("gone")
vault.delete_table("gone")
vault.rename_table("renamed", "cfg")
try:
    vault.create_table("calc")
except Exception:
    pass
'''


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder, "environment")
        venv.create(environment, with_pip=True)
        python = environment / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", *REQUIREMENTS], check=True)
        vault = Path(folder, "old")
        subprocess.run([python, "-c", PROGRAM, vault], check=True, cwd=folder)
        with tarfile.open(target, "w:xz") as archive:
            archive.add(vault, arcname="old", filter=_writable)


def _writable(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Let whoever unpacks it remove it again."""
    entry.mode |= 0o200
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    main(Path(sys.argv[1]))
