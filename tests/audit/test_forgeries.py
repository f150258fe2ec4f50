"""nacre-check refuses every forgery, and none of its checks can be left out."""

import ast
import contextlib
import io
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pytest
from audit.forgeries import Case, Corpus

import nacre_check

SOURCE = Path(nacre_check.__file__)
Main = Callable[[Sequence[str]], int]


@pytest.fixture(scope="module")
def cases(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    return Corpus(pristine, tmp_path_factory.mktemp("corpus")).cases


def outcome(main: Main, case: Case) -> tuple[int, str]:
    """Return the exit code, and what was wrong and where."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main([*case.arguments, "--json"])
    report = json.loads(out.getvalue())
    return code, f"{report.get('what')} at {report.get('first_bad_position')}"


def test_every_case_ends_as_it_must(cases: dict[str, Case]) -> None:
    wrong = {
        name: (outcome(nacre_check.main, case), case.code)
        for name, case in cases.items()
        if outcome(nacre_check.main, case)[0] != case.code
    }

    assert wrong == {}
    assert len(cases) > 180


def test_the_checker_imports_nothing_of_nacre() -> None:
    tree = ast.parse(SOURCE.read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]

    names = {alias.name for node in imports for alias in node.names} | {
        str(node.module) for node in imports if isinstance(node, ast.ImportFrom)
    }

    assert not [name for name in names if name.partition(".")[0] in ("nacre", "nacre_adapters")]


def refusals(tree: ast.Module) -> list[ast.If]:
    """Return every `if` that only raises: the checks."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Raise)
    ]


def weaker(test: ast.expr) -> list[ast.expr]:
    """Return the conditions that refuse less: never, or with one alternative left out."""
    found: list[ast.expr] = [ast.Constant(False)]
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        for left_out in range(len(test.values)):
            kept = [value for n, value in enumerate(test.values) if n != left_out]
            found.append(kept[0] if len(kept) == 1 else ast.BoolOp(test.op, kept))
    return found


def loaded(tree: ast.Module, **names: object) -> Main:
    """Return the command of a checker with another source."""
    module = ModuleType("nacre_check_mutant")
    module.__dict__.update(names, __doc__=nacre_check.__doc__)
    sys.modules[module.__name__] = module
    exec(compile(ast.fix_missing_locations(tree), "mutant", "exec"), module.__dict__)
    main: Main = module.main
    return main


def refused_by(cases: dict[str, Case]) -> dict[int, set[str]]:
    """Return the cases that each check refuses: only these can tell that it is missing."""
    tree = ast.parse(SOURCE.read_text())
    for number, node in enumerate(refusals(tree)):
        node.body.insert(0, ast.parse(f"_hit({number})").body[0])
    hits: set[int] = set()
    main = loaded(tree, _hit=hits.add)
    found: dict[int, set[str]] = {}
    for name, case in cases.items():
        hits.clear()
        outcome(main, case)
        for number in hits:
            found.setdefault(number, set()).add(name)
    return found


def test_no_check_can_be_left_out(cases: dict[str, Case]) -> None:
    outcomes = {name: outcome(nacre_check.main, case) for name, case in cases.items()}
    refused = refused_by(cases)
    tree = ast.parse(SOURCE.read_text())
    survivors = []
    for number, node in enumerate(refusals(tree)):
        whole = node.test
        for node.test in weaker(whole):
            main = loaded(tree)
            told = refused.get(number, set())
            if not any(differs(main, cases[name], outcomes[name]) for name in told):
                survivors.append(f"{ast.unparse(whole)}, without {ast.unparse(node.test)}")
        node.test = whole

    assert survivors == []
    assert len(refused) > 60


def differs(main: Main, case: Case, right: tuple[int, str]) -> bool:
    try:
        return outcome(main, case) != right
    except Exception:  # noqa: BLE001 - without the check it breaks, which is noticed too
        return True


def test_a_report_cannot_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    nacre_check._print({"check": "export", "holds": False, "what": "\x1b[2J\nholds \ud800 ä"})

    assert capsys.readouterr().out.splitlines() == [
        "export: DOES NOT HOLD",
        "  what: \\x1b[2J\\nholds \\ud800 ä",
    ]
