"""Every attack on a copied vault is found by the right command, with the first bad position."""

import ast
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from accounts import Accounts
from audit.attacks import ATTACKS, commits_of, forge, rebuilt
from audit.commands import check, nacre_command
from pristine import PACKED, entry_key, flipped, pack_of
from rows import delete, editing, put, rows

import nacre
from nacre import codec
from nacre.event import Header, StoredEvent, encode_header, join_entry, split_entry
from nacre.operations import verify_log
from nacre.operations.report import no_progress
from nacre.prefixes import LOG, TREE, VIEWS
from nacre.store import Store

HEAD = 6


@pytest.fixture
def path(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "v"))


@pytest.fixture
def kept(path: Path, tmp_path: Path) -> list[Path]:
    """What an auditor has: a checkpoint of every head."""
    notes = [tmp_path / f"note {head}" for head in range(1, HEAD + 1)]
    for head, note in enumerate(notes, 1):
        nacre_command("checkpoint", path, "--head", head, "--to", note)
    return notes


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_log_forged_without_a_trace_is_found_by_checkpoints(
    attack: str, path: Path, kept: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, position = ATTACKS[attack]
    forge(path, change(commits_of(path)))
    rebuilt(path)
    nacre_command("verify", path)  # nothing is wrong in itself: exit 0

    told = nacre_command("verify", path, "--structure", "--checkpoint", kept[-1], code=1)
    broken = nacre_command("prove-consistency", path, kept[-1], "--json", code=1)
    nacre_command("export", path, "--to", tmp_path / "export")
    trust = [word for note in kept for word in ("--checkpoint", note)]
    code, report = check(capsys, "export", tmp_path / "export", *trust)

    assert "checkpoint" in told
    assert json.loads(broken)["problem"]
    assert (code, report["first_bad_position"]) == (1, position)


@pytest.mark.parametrize("attack", ATTACKS)
def test_old_evidence_does_not_fit_a_forged_log(
    attack: str, path: Path, kept: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, _ = ATTACKS[attack]
    forge(path, change(commits_of(path)))
    nacre_command("checkpoint", path, "--to", tmp_path / "forged")

    for position in range(len(commits_of(path))):
        nacre_command("prove", path, position, "--to", tmp_path / "evidence")
        code, _ = check(capsys, "inclusion", tmp_path / "evidence", "--checkpoint", kept[-1])
        assert code == 1


def test_a_forged_checkpoint_is_found_by_its_signature(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nacre_command("keygen", path, tmp_path / "key")
    nacre_command("keygen", path, tmp_path / "forger")
    forge(path, ATTACKS["an event changed"][0](commits_of(path)))
    nacre_command("checkpoint", path, "--key", tmp_path / "forger", "--to", tmp_path / "note")

    code, report = check(capsys, "checkpoint", tmp_path / "note", "--key", tmp_path / "key.pub")

    assert code == 1
    assert "not signed by" in report["what"]


@pytest.mark.parametrize("position", range(HEAD))
def test_an_entry_altered_in_place_is_named(position: int, path: Path) -> None:
    entry = rows(path, LOG)[entry_key(position)]
    put(path, entry_key(position), flipped(entry, len(entry) - 3))

    report = json.loads(nacre_command("verify", path, "--structure", "--json", code=1))

    assert report["problems"][0]["affects"][0] == f"commit {position}"


def test_a_swapped_payload_is_named(path: Path) -> None:
    pack = pack_of(path)
    content = pack.read_bytes()
    pack.write_bytes(content.replace(PACKED, PACKED[::-1]))

    report = json.loads(nacre_command("verify", path, "--json", code=1))

    assert [p["affects"] for p in report["problems"]] == [["file.added 'photo' (commit 2)"]]


def test_an_edited_row_of_a_view_is_named(path: Path) -> None:
    (key,) = (key for key in rows(path, VIEWS) if b"ana" in key)
    put(path, key, codec.pack(1_000_000))

    with nacre.open(path, read_only=True) as vault:
        vault.register(Accounts)
        (problem,) = vault.verify().problems

    assert problem.where == "view"
    assert "balances['ana'] = 1000000, where the replay has balances['ana'] = 10" in problem.what


# No check of the log can be left out

DAMAGES = {
    "whole": lambda path: None,
    "removed": lambda path: delete(path, entry_key(2)),
    "removed at the end": lambda path: delete(path, entry_key(HEAD - 1)),
    "garbage": lambda path: put(path, entry_key(3), b"garbage"),
    "far behind": lambda path: put(path, entry_key(2000), rows(path, LOG)[entry_key(5)]),
    "another leaf": lambda path: put(path, bytes([TREE, 0]) + bytes(7) + b"\x02", bytes(32)),
    "no leaf": lambda path: delete(path, bytes([TREE, 0]) + bytes(7) + b"\x02"),
    "a leaf more": lambda path: put(path, bytes([TREE, 0]) + bytes(7) + b"\x06", bytes(32)),
    "hidden": lambda path: put(path, entry_key(2), hidden(rows(path, LOG)[entry_key(2)])),
    "a level more": lambda path: put(path, bytes([TREE, 1]) + bytes(8), bytes(32)),
}
HEADERS = {
    "another position": (3, {"position": 4}),
    "another vault": (3, {"vault_id": bytes(16)}),
    "the first follows": (0, {"previous": b"\x01" * 32}),
    "follows another": (3, {"previous": b"\x01" * 32}),
    "older": (3, {"time_ns": 0}),
}


def hidden(entry: bytes) -> bytes:
    """Return the entry with hashes in the place of its events."""
    header, stored = split_entry(entry)
    return join_entry(header, [StoredEvent(event.hash, True) for event in stored]).entry


def with_header(path: Path, position: int, changes: dict[str, object]) -> None:
    commit = commits_of(path)[position]
    fields = {name: getattr(commit.header, name) for name in commit.header.__slots__}
    events = [
        StoredEvent(codec.pack([e.kind, e.subject, dict(e.data)]), False) for e in commit.events
    ]
    header = encode_header(Header(**(fields | changes)))
    put(path, entry_key(position), join_entry(header, events).entry)


@pytest.fixture(scope="module")
def damaged(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Store]]:
    folder = tmp_path_factory.mktemp("damaged")
    vaults = []
    for name, damage in DAMAGES.items():
        damage(Path(shutil.copytree(pristine, folder / name)))
        vaults.append(nacre.open(folder / name, read_only=True))
    for name, (position, changes) in HEADERS.items():
        with_header(Path(shutil.copytree(pristine, folder / name)), position, changes)
        vaults.append(nacre.open(folder / name, read_only=True))
    yield [vault.store for vault in vaults]
    for vault in vaults:
        vault.close()


def checks(tree: ast.Module) -> list[ast.If]:
    """Return every `if` that says that something is wrong."""

    def tells(node: ast.AST) -> bool:
        return isinstance(node, ast.Yield | ast.Raise) or (
            isinstance(node, ast.Attribute) and node.attr == "problems"
        )

    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and any(tells(n) for s in node.body for n in ast.walk(s))
    ]


def said(check_log: object, stores: list[Store]) -> list[str]:
    found = []
    for store in stores:
        try:
            found.append("\n".join(map(str, check_log(store, no_progress).problems)))
        except Exception as error:  # noqa: BLE001 - without the check it breaks, which is noticed
            found.append(repr(error))
    return found


def test_no_check_of_the_log_can_be_left_out(damaged: list[Store]) -> None:
    right = said(verify_log.check_log, damaged)
    source = Path(verify_log.__file__).read_text()
    tree = ast.parse(source)
    survivors = []
    for node in checks(tree):
        whole, node.test = node.test, ast.Constant(False)
        module = ModuleType("verify_log_mutant")
        module.__dict__.update(__name__=module.__name__)
        sys.modules[module.__name__] = module
        exec(compile(ast.fix_missing_locations(tree), "mutant", "exec"), module.__dict__)
        if said(module.check_log, damaged) == right:
            survivors.append(ast.unparse(whole))
        node.test = whole

    assert right[0] == ""
    assert all(right[1:])
    assert survivors == []
    assert len(checks(tree)) >= 9


def test_editing_leaves_no_trace_by_itself(path: Path) -> None:
    before = rows(path, LOG)

    with editing(path):
        pass
    forge(path, commits_of(path))

    assert rows(path, LOG) == before
