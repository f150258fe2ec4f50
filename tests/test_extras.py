"""An adapter whose library is not installed says what to install."""

import subprocess
import sys

import pytest

EXTRAS = [
    ("tablevault", "TableVault", "pydantic"),
    ("tablevault", "TableVault", "yaml"),
    ("tenants", "Database", "sqlglot"),
]


@pytest.mark.parametrize(("adapter", "name", "library"), EXTRAS)
def test_a_missing_library_is_named_with_its_extra(adapter: str, name: str, library: str) -> None:
    # None in place of a module makes Python say that there is none.
    code = (
        f"import sys; sys.modules[{library!r}] = None; from nacre_adapters.{adapter} import {name}"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert f"pip install 'nacre[{adapter}]'" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(("adapter", "library"), [(case[0], case[2]) for case in EXTRAS])
def test_commands_name_what_is_missing(adapter: str, library: str) -> None:
    code = f"import sys; sys.modules[{library!r}] = None; " + (
        f"from nacre_adapters.{adapter}.cli import main; main()"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.endswith(f"pip install 'nacre[{adapter}]'")


@pytest.mark.parametrize(("adapter", "library"), [(case[0], case[2]) for case in EXTRAS])
def test_views_are_maintained_without_extras(adapter: str, library: str) -> None:
    code = f"import sys; sys.modules[{library!r}] = None; import nacre_adapters.{adapter}.views"

    subprocess.run([sys.executable, "-c", code], check=True)
