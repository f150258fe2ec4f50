"""What changed between two positions, by subject; what happened to one of them."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest
from accounts import Accounts, deposit
from click.testing import CliRunner

import nacre
from nacre.cli.program import program
from nacre.errors import InvalidInput, NotFound
from nacre.operations import DiffReport, diff, history
from nacre.views import Change


class Owners(Accounts):
    """Accounts that say what became of a balance."""

    name: ClassVar[str] = "owners"

    def changes_since(
        self, before: "Owners", payloads: object, names: Iterable[str]
    ) -> Iterator[Change]:
        for name in names:
            yield Change(subject=name, text=f"from {before.get(name)} to {self.get(name)}")


@pytest.fixture
def told(vault: nacre.Vault) -> nacre.Vault:
    vault.register(Owners)
    vault.frames.write("f", pd.DataFrame({"n": [1, 2, 3], "t": ["a", "b", "c"]}))  # 0
    vault.frames.write("gone", pd.DataFrame({"n": [1]}))  # 1
    deposit(vault, "ana", 10)  # 2
    deposit(vault, "ana", 5, message="more")  # 3
    vault.frames.write("f", pd.DataFrame({"n": [1, 9, 3, 4], "t": ["a", "b", "c", "d"]}))  # 4
    vault.frames.delete("gone")  # 5
    vault.frames.write("new", pd.DataFrame({"n": [1, 2]}))  # 6
    return vault


def texts(report: DiffReport) -> dict[str, list[str]]:
    return {found.subject: [change.text for change in found.changes] for found in report.subjects}


def test_changes_are_told_by_subject(told: nacre.Vault) -> None:
    report = diff(told.store, 2, 7)

    assert (report.before, report.after, report.events) == (2, 7, 5)
    assert texts(report) == {
        "ana": ["from 0 to 15"],
        "f": ["frame version 0 to 1: 1 rows added, 1 rows changed, 1 cells of 'n'"],
        "gone": ["frame deleted after version 0"],
        "new": ["frame from version 0 on: 2 rows, 1 columns"],
    }
    (ana, f, *_) = report.subjects
    assert (ana.kinds, ana.actors, ana.first, ana.last) == ({"deposited": 2}, ("ana",), 2, 3)
    assert f.changes[0].detail.rows_added == 1


def test_only_what_happened_between_is_told(told: nacre.Vault) -> None:
    assert texts(diff(told.store, 3, 4)) == {"ana": ["from 10 to 15"]}
    assert diff(told.store, 4, 4).subjects == ()
    assert list(texts(diff(told.store, 0, "now", subject="f"))) == ["f"]


def test_a_diff_backwards_is_refused(told: nacre.Vault) -> None:
    with pytest.raises(InvalidInput, match="position 4 comes after 2"):
        diff(told.store, 4, 2)


def test_snapshots_and_times_are_moments_too(told: nacre.Vault) -> None:
    told.snapshots.create("q1", at=3)

    assert diff(told.store, "q1", "now").before == 3
    assert diff(told.store, "1999-01-01", "q1").events == 3


def test_the_history_of_a_subject_is_whole(told: nacre.Vault) -> None:
    assert [(e.position, e.message) for e in history(told.store, "ana")] == [(2, ""), (3, "more")]
    with pytest.raises(NotFound, match="nothing happened to 'zoe'"):
        history(told.store, "zoe")


def run(*arguments: object) -> str:
    result = CliRunner().invoke(program, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands_print_and_give_json(told: nacre.Vault) -> None:
    path: Path = told.path

    assert "frame deleted after version 0" in run("diff", path, 2, "now")
    assert "from position 2 to 7: 5 commits, 5 events" in run("diff", path, 2, 7)
    found = json.loads(run("diff", path, 2, 7, "--json"))
    assert [subject["subject"] for subject in found["subjects"]] == ["ana", "f", "gone", "new"]
    assert "amount=10" in run("history", path, "ana")
    assert len(json.loads(run("history", path, "ana", "--at", 3, "--json"))) == 1


def test_every_reading_command_shows_the_past(told: nacre.Vault) -> None:
    path = told.path

    assert "deposited" not in run("log", path, "--at", 2)
    assert json.loads(run("info", path, "--at", 4, "--json"))["head"] == 4
    assert [f["name"] for f in json.loads(run("frames", path, "--at", 2, "--json"))] == [
        "f",
        "gone",
    ]
    assert "deposited ana" in run("show", path, 2, "--at", 3)
    run("get", path, "gone", "--to", path.parent / "gone.csv", "--at", 2)
    assert (path.parent / "gone.csv").read_text() == '"n"\n1\n'
    assert CliRunner().invoke(program, ["show", str(path), "3", "--at", "3"]).exit_code != 0
