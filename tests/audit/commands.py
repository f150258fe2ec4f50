"""The two commands of an audit, run in this process."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import nacre_check
from nacre.cli.program import program


def nacre_command(*arguments: object, code: int = 0) -> str:
    """Run `nacre` and return what it printed; it must end with *code*."""
    result = CliRunner().invoke(program, [str(a) for a in arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    assert (result.return_value or 0) == code, result.output
    return result.output


def check(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    """Run `nacre-check` and return its exit code and report."""
    capsys.readouterr()
    code = nacre_check.main([*map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


def written(path: Path, content: object) -> Path:
    """Write JSON, or text as it is."""
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path
