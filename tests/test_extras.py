"""An adapter whose library is not installed says what to install."""

import subprocess
import sys

import pytest

EXTRAS = [
    ("nacre_adapters.tablevault", "pydantic", "nacre[tablevault]"),
    ("nacre_adapters.tablevault", "yaml", "nacre[tablevault]"),
    ("nacre_adapters.tenants", "sqlglot", "nacre[tenants]"),
]


@pytest.mark.parametrize(("module", "library", "extra"), EXTRAS)
def test_a_missing_library_is_named_with_its_extra(module: str, library: str, extra: str) -> None:
    # None in place of a module makes Python say that there is none.
    code = f"import sys; sys.modules[{library!r}] = None; import {module}"

    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert f"pip install '{extra}'" in done.stderr.splitlines()[-1]
