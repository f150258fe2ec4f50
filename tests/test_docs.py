"""Every code block of the README and the docs runs, in order, in a directory of its own."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from click.testing import CliRunner

import nacre_check
from nacre.cli.program import program
from nacre.errors import NacreError
from nacre_adapters.flowstore.cli.program import program as flows
from nacre_adapters.modelvault.cli.program import program as modelvault
from nacre_adapters.tablevault.cli.program import program as tablevault
from nacre_adapters.tenants.cli.program import program as tenants
from nacre_adapters.trajectories.cli.program import program as trajectories

ROOT = Path(__file__).parent.parent
PROGRAMS = {
    "nacre": program,
    "nacre-flows": flows,
    "nacre-tablevault": tablevault,
    "nacre-tenants": tenants,
    "nacre-modelvault": modelvault,
    "nacre-trajectories": trajectories,
}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block, and the line that it starts in."""

    language: str
    text: str
    line: int


def blocks_of(page: str) -> Iterator[Block]:
    for found in _FENCE.finditer(page):
        indent, language, text = found.groups()
        lines = [line.removeprefix(indent) for line in text.splitlines()]
        yield Block(language, "\n".join(lines), page.count("\n", 0, found.start()) + 2)


def run_python(block: Block, page: Path, namespace: dict[str, object]) -> None:
    # Blank lines in front: a traceback then names the line of the page.
    source = "\n" * (block.line - 1) + block.text
    exec(compile(source, str(page), "exec", dont_inherit=True), namespace)


def run_console(block: Block) -> None:
    """Run nacre's commands and Python; a file that `cat` shows is put there."""
    for command in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        line, _, shown = command.partition("\n")
        name, *arguments = shlex.split(line, comments=True)
        if name == "cat":
            Path(arguments[0]).write_text(shown)
        elif name == "nacre-check":
            assert nacre_check.main(arguments) == ("DOES NOT HOLD" in shown), line
        elif name in PROGRAMS:
            run_nacre(PROGRAMS[name], arguments, shown)
        elif name == "python":
            words = [sys.executable if word == "python" else word for word in (name, *arguments)]
            subprocess.run(words, check=True, capture_output=True, timeout=120)


def run_nacre(program: click.Command, arguments: list[str], shown: str) -> None:
    """Run a command, which fails if and only if an error is shown."""
    result = CliRunner().invoke(program, arguments)
    failed = isinstance(result.exception, NacreError)
    assert failed == shown.startswith("nacre: "), f"{arguments}\n{result.exception!r}"
    assert failed or result.exit_code in (0, 1), f"{arguments}\n{result.output}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}

    for block in blocks_of(page.read_text()):
        if block.text.startswith("# not run"):
            continue
        if block.language == "python":
            run_python(block, page, namespace)
        elif block.language == "console":
            run_console(block)


def test_blocks_are_found_where_they_stand() -> None:
    page = "text\n\n```python\na = 1\n```\n\n- item\n\n  ```console\n  $ nacre info v\n  ```\n"

    assert list(blocks_of(page)) == [
        Block("python", "a = 1", 4),
        Block("console", "$ nacre info v", 10),
    ]
