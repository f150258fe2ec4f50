"""What commands print: to a reader who leaves, as JSON, unfolded, nothing that terminals obey."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from pristine import flipped, pack_of

import nacre
from nacre.cli.program import program
from nacre.cli.terminal import counted, json_text, printable
from nacre.errors import InvalidInput, NacreError

ENTRY = "from nacre.cli import main; main()"


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """The place of a vault with a packed payload and more events than are shown."""
    with nacre.open(tmp_path / "v", actor="ana") as vault:
        digest = vault.put(os.urandom(9000))
        with vault.transaction() as tx:
            tx.record("photo.added", subject="p", data={"image": digest})
            for number in range(30):
                tx.record("seen", subject=f"{'long ' * 20}{number}")
    return tmp_path / "v"


def run(*arguments: object) -> str:
    """Return what a command prints, or raise what it raises."""
    result = CliRunner().invoke(program, list(map(str, arguments)))
    if isinstance(result.exception, NacreError):
        raise result.exception
    assert result.exit_code in (0, 1), (result.output, result.exception)
    return result.output


def run_unread(*arguments: object) -> tuple[int, str]:
    """Run a command whose output nobody reads; return its code and what it complains of."""
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-c", ENTRY, *map(str, arguments)]
    done = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writes)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "command",
    [("log", "--json"), ("info",), ("show", "0"), ("verify",)],
    ids=" ".join,
)
def test_a_reader_who_leaves_is_no_finding(command: tuple[str, ...], filled: Path) -> None:
    name, *options = command

    assert run_unread(name, filled, *options) == (0, "")


def test_verify_tells_its_verdict_also_when_nobody_reads_it(filled: Path) -> None:
    pack = pack_of(filled)
    pack.write_bytes(flipped(pack.read_bytes(), 5000))

    assert run_unread("verify", filled) == (1, "")
    assert run_unread("verify", filled / "none")[0] == 2


def test_json_has_no_words_of_its_own(tmp_path: Path) -> None:
    data = {"nan": float("nan"), "up": float("inf"), "down": -float("inf"), 1: {None: True}}
    with nacre.open(tmp_path / "v") as vault:
        vault.record("measured", subject="s", data={"at": data})

    def refuse(word: str) -> None:
        raise AssertionError(word)

    (event,) = json.loads(run("log", tmp_path / "v", "--json"), parse_constant=refuse)
    assert event["data"]["at"] == {
        "nan": "NaN",
        "up": "Infinity",
        "down": "-Infinity",
        "1": {"null": True},
    }


def test_a_version_in_json_says_its_time(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        written = vault.frames.write("f", pd.DataFrame({"a": [1]}))

    (version,) = json.loads(run("frames", tmp_path / "v", "--json"))
    assert version["time"] == written.time.isoformat()
    assert version["time_ns"] == written.time_ns


HOSTILE = "a\x1b]0;title\x07\x9b31m\u202egnp"


def test_nothing_that_a_terminal_obeys_is_printed(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v", actor="ana") as vault:
        vault.record("seen", subject="s", message=HOSTILE, data={HOSTILE: HOSTILE})
    outputs = [run(*c, tmp_path / "v") for c in (["log"], ["info"], ["log", "--json"])]
    outputs += [run("show", tmp_path / "v", "0"), run("show", tmp_path / "v", "0", "--json")]

    assert not any(set("\x1b\x07\x9b\u202e") & set(output) for output in outputs)
    assert r"a\x1b]0;title\x07\x9b31m\u202egnp" in outputs[0]
    assert json.loads(outputs[2])[0]["message"] == HOSTILE
    assert json.loads(outputs[4])["events"][0]["data"] == {HOSTILE: HOSTILE}


def test_text_is_printed_as_it_is() -> None:
    assert printable("Zürich\t→ 東京\n") == "Zürich\t→ 東京\n"
    assert json_text("Zürich") == '"Zürich"'


def test_what_is_printed_into_a_pipe_is_never_folded(tmp_path: Path) -> None:
    message = "why " * 100
    with nacre.open(tmp_path / "v") as vault:
        vault.record("seen", subject="s", message=message)

    assert message.strip() in run("log", tmp_path / "v")
    assert message.strip() in run("show", tmp_path / "v", "0")


@pytest.mark.parametrize(("count", "text"), [(0, "0 rows"), (1, "1 row"), (2000, "2,000 rows")])
def test_numbers_agree_with_their_nouns(count: int, text: str) -> None:
    assert counted(count, "row") == text


def test_one_problem_is_one(filled: Path) -> None:
    pack = pack_of(filled)
    pack.write_bytes(flipped(pack.read_bytes(), 5000))

    assert "1 problem in 1 commit, 31 events, 1 blob, " in run("verify", filled)


def test_log_says_when_there_is_more(filled: Path) -> None:
    assert run("log", filled).endswith(
        "there are more: show them with --limit 200, or narrow it with --since\n"
    )
    assert "there are more" not in run("log", filled, "--limit", "31")
    assert len(json.loads(run("log", filled, "--json"))) == 20


@pytest.mark.parametrize(
    "arguments",
    [("init", ""), ("log", ""), ("put", "v", "f", ""), ("get", "v", "f", "--to", "")],
    ids=" ".join,
)
def test_an_empty_path_is_refused(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(program, arguments)

    assert result.exit_code == 2
    assert "the path is empty: name a file or a directory" in result.output
    assert list(tmp_path.iterdir()) == []


def test_no_help_text_is_cut_off() -> None:
    shown = CliRunner().invoke(program, ["--help"], terminal_width=80).output

    assert "..." not in shown.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("commits", "said"),
    [(0, "the vault has none yet"), (1, "the only one is 0"), (4, "commits are 0 to 3")],
)
def test_a_commit_that_is_not_there_is_told_which_are(
    commits: int, said: str, tmp_path: Path
) -> None:
    with nacre.open(tmp_path / "v") as vault:
        for _ in range(commits):
            vault.record("seen", subject="s")

    with pytest.raises(NacreError, match=f"there is no commit 99: {said}"):
        run("show", tmp_path / "v", "99")


def test_init_says_what_is_there_instead(tmp_path: Path) -> None:
    run("init", tmp_path / "v")
    (tmp_path / "d").mkdir()
    for name in ("f", "d/f"):
        (tmp_path / name).write_text("text")

    for name, said in {
        "v": "is a vault: look at it with `nacre info",
        "f": "is another file: choose a new name",
        "d": "is a directory with other files: choose a new name",
    }.items():
        with pytest.raises(InvalidInput, match=said):
            run("init", tmp_path / name)


@pytest.mark.parametrize("command", ["info", "log", "verify"])
def test_a_directory_of_others_is_no_vault(command: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("text")

    with pytest.raises(NacreError, match="files but no vault: correct the path, or create a vault"):
        run(command, tmp_path)
