"""What the original cannot tell: histories, the ensemble at an iteration, provenance, pictures."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import exc
from trajectories.ensembles import make, metadata, split

from nacre.errors import InvalidInput, NotFound
from nacre_adapters.trajectories import SQLFile, events
from nacre_adapters.trajectories.picture import branches_of


@pytest.fixture
def database(tmp_path: Path) -> SQLFile:
    """Four trajectories after three iterations: 0 and 1, then 1 and 2, then 0 are branched."""
    database = make(tmp_path / "x.db")
    split(database, 0, [0, 1], [2, 3])
    split(database, 1, [1, 2], [3, 3])
    split(database, 2, [0], [1])
    return database


def test_the_history_has_every_state_in_order(database: SQLFile) -> None:
    moments = database.history(2)

    files = [moment.state.file for moment in moments]
    assert [moment.position for moment in moments] == sorted(m.position for m in moments)
    assert files[0] == "trajectories/traj000002_0000.xml"
    assert files[-1] == "trajectories/traj000002_0002.xml"
    assert [moment.kind.partition(".")[2] for moment in moments] == [
        *("added", "weighed", "archived", "locked", "updated", "completed", "weighed", "weighed"),
    ]
    last = moments[-1].state
    assert (last.file, last.metadata) == database.fetch_trajectory(2)
    weights = [json.loads(moment.state.metadata)["weight"] for moment in moments]
    assert weights == [0.05, "0.9", "0.9", "0.9", 0.05, 0.05, str(0.9**2), str(0.9**3)]


def test_what_happens_to_all_is_in_the_history_of_each(database: SQLFile) -> None:
    database.update_trajectory_weights(0.5)
    database.update_trajectory_weights(0.25, [1])
    database.release_all_trajectories()

    kinds = [[m.kind for m in database.history(n)[-3:]] for n in (1, 3)]
    assert kinds[0] == [events.WEIGHED, events.WEIGHED, events.ALL_RELEASED]
    assert kinds[1] == [events.WEIGHED, events.WEIGHED, events.ALL_RELEASED]
    assert database.history(3)[-2].state.weight == "0.5"
    assert database.history(1)[-1].state.metadata == database.fetch_trajectory(1)[1]


def test_the_ensemble_is_there_as_of_each_iteration(tmp_path: Path) -> None:
    database = make(tmp_path / "x.db")
    seen = []
    for k, (discarded, ancestors) in enumerate([([0, 1], [2, 3]), ([1, 2], [3, 3]), ([0], [1])]):
        split(database, k, discarded, ancestors)
        seen.append(
            (
                [(row.traj_file, row.t_metadata) for row in database.trajectories()],
                database.get_archived_trajectory_count(),
                database.get_weights().tolist(),
            )
        )
    database.release_all_trajectories()
    database.update_trajectory(0, "later", "{}")

    for place in range(2):
        then = database.at_iteration(place)
        files, archived, weights = seen[place]
        assert [(row.traj_file, row.t_metadata) for row in then.trajectories()] == files
        assert then.get_archived_trajectory_count() == archived
        assert then.get_weights().tolist() == weights
        with pytest.raises(exc.OperationalError):
            then.add_trajectory("too late", "{}")
    with pytest.raises(ValueError, match="Splitting iteration 3 does not exist"):
        database.at_iteration(3)


def test_an_iteration_that_goes_on_ends_now(database: SQLFile) -> None:
    database.add_splitting_data(3, 1, 0.5, [3], [0], [0.1], [0.1, 0.7])
    database.update_trajectory(3, "now", "{}")

    assert database.at_iteration(3).fetch_trajectory(3) == ("now", "{}")


def test_the_archive_says_which_iteration_and_which_ancestor(database: SQLFile) -> None:
    database.archive_trajectory("by hand", metadata(3))
    database.archive_trajectory("of nobody", "no json")

    found = [(a.trajectory, a.iteration, a.ancestor) for a in database.ensemble.archive()]

    assert found == [
        *[(0, 0, 2), (1, 0, 3), (1, 1, 3), (2, 1, 3), (0, 2, 1)],
        *[(3, None, None), (None, None, None)],
    ]


def test_the_frames_hold_everything(database: SQLFile) -> None:
    database.lock_trajectory(3)

    frames = database.to_frames()

    assert frames.trajectories.shape[0] == 4
    assert frames.trajectories["status"].tolist() == ["completed"] * 3 + ["locked"]
    assert frames.trajectories["holder"].notna().tolist() == [False] * 3 + [True]
    assert frames.trajectories["weight"].tolist() == [pytest.approx(0.9**3)] * 4
    assert frames.archive["ancestor"].tolist() == [2, 3, 3, 3, 1]
    assert frames.iterations["discarded"].tolist() == [[0, 1], [1, 2], [0]]
    assert np.allclose(frames.iterations["weight"], [0.9, 0.81, 0.729])
    assert isinstance(frames.archive["iteration"].dtype, pd.Int64Dtype)


def test_the_frames_of_an_empty_database_have_their_columns(tmp_path: Path) -> None:
    frames = SQLFile(tmp_path / "x.db").to_frames()

    assert [len(frame) for frame in frames] == [0, 0, 0]
    assert "score_max" in frames.trajectories.columns
    assert "ancestor" in frames.archive.columns


def test_the_branches_are_the_lives_of_the_trajectories(database: SQLFile) -> None:
    lives = [(b.trajectory, b.begins, b.ends, b.ancestor) for b in branches_of(database.ensemble)]

    assert lives == [
        *[(0, 0, 1, None), (1, 0, 1, None), (1, 1, 2, 3), (2, 0, 2, None), (0, 1, 3, 2)],
        *[(0, 3, 4, 1), (1, 2, 4, 3), (2, 2, 4, 3), (3, 0, 4, None)],
    ]


def test_a_picture_is_of_the_kind_that_its_name_says(database: SQLFile, tmp_path: Path) -> None:
    database.draw(tmp_path / "p.svg")
    database.draw(tmp_path / "p.png")
    SQLFile("", in_memory=True).draw(tmp_path / "empty.svg")

    assert "<svg" in (tmp_path / "p.svg").read_text()[:1000]
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "empty.svg").exists()


@pytest.mark.parametrize("name", ["a.xyz", "a"])
def test_a_picture_of_no_kind_is_refused(database: SQLFile, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="names no kind of picture"):
        database.draw(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_picture_needs_matplotlib(
    database: SQLFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("matplotlib", "matplotlib.figure", "matplotlib.collections"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(ModuleNotFoundError, match=r"nacre\[pictures\]"):
        database.draw(tmp_path / "p.svg")


def test_files_are_kept_once_for_each_content(database: SQLFile, tmp_path: Path) -> None:
    folder = tmp_path / "run.tdb"
    (folder / "trajectories").mkdir(parents=True)
    first = folder / "trajectories/traj000003_0000.xml"
    second = folder / "trajectories/traj000001_0001.xml"  # only in the archive
    first.write_text("<a/>")
    second.write_text("<b/>")

    assert database.keep_files(folder) == [
        str(first.relative_to(folder)),
        str(second.relative_to(folder)),
    ]
    assert database.keep_files(folder) == []
    first.write_text("<a><longer/></a>")
    assert database.keep_files(folder) == [str(first.relative_to(folder))]
    first.unlink()

    assert database.kept_file("trajectories/traj000003_0000.xml") == b"<a><longer/></a>"
    with pytest.raises(NotFound, match="call keep_files first"):
        database.kept_file("trajectories/traj000009_0000.xml")
    kept = [event.data for event in database.vault.events(kind=events.FILE_KEPT)]
    assert [each["trajectory"] for each in kept] == [3, 1, 3]
    assert database.vault.get(kept[0]["blob"]) == b"<a/>"
    assert database.vault.verify().is_clean


@pytest.mark.parametrize("name", ["../secret.xml", "/etc/hostname", "a\x00b", "x" * 300, ""])
def test_names_that_lead_elsewhere_are_not_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.xml").write_text("secret")
    (tmp_path / "run.tdb").mkdir()
    database = SQLFile(tmp_path / "run.tdb/trajPool.db")
    database.add_trajectory(name, "{}")

    assert database.keep_files(tmp_path / "run.tdb") == []
