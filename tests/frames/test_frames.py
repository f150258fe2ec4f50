"""The noun: names, versions, time travel, races."""

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from frames.payloads import CountingPayloads

from nacre.access import open_vault
from nacre.errors import InvalidInput, NotFound, Unstorable
from nacre.frames import Frames, FrameVersions, put_frame
from nacre.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with open_vault(tmp_path / "v", actor="ana") as vault:
        vault.register(FrameVersions)
        yield vault


@pytest.fixture
def frames(vault: Vault) -> Frames:
    return Frames(vault)


def frame_of(*values: int) -> pd.DataFrame:
    return pd.DataFrame({"a": np.array(values, "i8")})


def test_a_version_says_who_wrote_what(frames, vault) -> None:
    written = frames.write("prices", frame_of(1, 2), message="first")

    assert (written.name, written.version, written.rows, written.columns) == ("prices", 0, 2, 1)
    assert (written.actor, written.message, written.position) == ("ana", "first", vault.head - 1)
    assert frames.versions("prices") == [written]
    assert frames.names() == ["prices"]


def test_every_version_stays_readable(frames) -> None:
    frames.write("p", frame_of(1))
    frames.write("p", frame_of(2, 3))
    frames.append("p", frame_of(4))

    assert [frames.read("p", n)["a"].tolist() for n in range(3)] == [[1], [2, 3], [2, 3, 4]]
    assert frames.read("p")["a"].tolist() == [2, 3, 4]


def test_a_frame_is_read_as_of_a_position_and_a_time(frames, vault) -> None:
    start = vault.head
    first = frames.write("p", frame_of(1))
    frames.write("p", frame_of(2))
    frames.delete("p")
    frames.write("p", frame_of(3))

    assert frames.read("p", as_of=start + 1)["a"].tolist() == [1]
    assert frames.read("p", as_of=start + 2)["a"].tolist() == [2]
    assert frames.read("p", as_of=start + 4)["a"].tolist() == [3]
    assert frames.read("p", as_of=first.time)["a"].tolist()[0] in (1, 2, 3)
    for nothing in (start, start + 3, dt.datetime(2000, 1, 1, tzinfo=dt.UTC)):
        with pytest.raises(NotFound, match="as of"):
            frames.read("p", as_of=nothing)


def test_numbers_go_on_after_a_deletion(frames) -> None:
    frames.write("p", frame_of(1))
    frames.delete("p", message="wrong")

    assert frames.names() == []
    with pytest.raises(NotFound, match="'p' was deleted: read its versions 0 to 0"):
        frames.read("p")
    with pytest.raises(NotFound):
        frames.versions("p")
    assert frames.read("p", 0)["a"].tolist() == [1]

    assert frames.write("p", frame_of(2)).version == 1
    assert [version.version for version in frames.versions("p")] == [1]


def test_names_are_told_apart_from_their_prefixes(frames) -> None:
    frames.write("p", frame_of(1))
    frames.write("prices", frame_of(2))

    assert [version.name for version in frames.versions("p")] == ["p"]
    assert frames.read("p")["a"].tolist() == [1]


def test_a_missing_name_is_met_with_names_near_it(frames) -> None:
    frames.write("prices", frame_of(1))

    with pytest.raises(NotFound, match="no frame 'price': did you mean 'prices'"):
        frames.read("price")
    with pytest.raises(NotFound, match="has no version 7: its versions are 0 to 0"):
        frames.read("prices", 7)
    for use in (frames.delete, frames.versions, frames.info):
        with pytest.raises(NotFound):
            use("nothing")
    with pytest.raises(NotFound):
        frames.append("nothing", frame_of(1))


@pytest.mark.parametrize("name", ["", " x", "a\nb", "..", "x" * 300, 5])
def test_a_bad_name_is_refused(frames, name: object) -> None:
    with pytest.raises(InvalidInput):
        frames.write(name, frame_of(1))


@pytest.mark.parametrize("as_of", [-1, "now", True, dt.datetime(2026, 1, 1)])
def test_a_bad_moment_is_refused(frames, as_of: object) -> None:
    frames.write("p", frame_of(1))

    with pytest.raises(InvalidInput, match="as_of"):
        frames.read("p", as_of=as_of)


def test_a_refused_frame_leaves_no_version(frames, vault) -> None:
    head = vault.head

    with pytest.raises(Unstorable, match="the column 'a'"):
        frames.write("p", pd.DataFrame({"a": [object()]}))

    assert vault.head == head
    assert frames.names() == []


def test_a_write_id_makes_a_retry_safe(frames) -> None:
    first = frames.write("p", frame_of(1), write_id="load 1")
    again = frames.write("p", frame_of(1), write_id="load 1")

    assert again == first
    assert len(frames.versions("p")) == 1


def test_columns_rows_and_library_are_passed_on(frames) -> None:
    frames.write("p", pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}))

    assert frames.read("p", columns=["b"], rows=(1, 3))["b"].tolist() == [5, 6]
    assert frames.read("p", to="arrow").column_names == ["a", "b"]
    assert frames.info("p").rows == 3


def test_versions_are_compared(frames) -> None:
    frames.write("p", frame_of(1, 2))
    frames.write("p", frame_of(1, 5, 6))

    found = frames.diff("p", 0, 1)

    assert (found.rows_added, found.rows_changed) == (1, 1)


def test_racing_writers_lose_no_version_and_no_row(frames) -> None:
    frames.write("p", frame_of(0))

    def work(number: int) -> None:
        for step in range(10):
            frames.append("p", frame_of(100 * number + step))
            frames.write(f"own {number}", frame_of(step))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    values = frames.read("p")["a"].tolist()
    assert sorted(values) == [0, *(100 * n + step for n in range(1, 5) for step in range(10))]
    assert [version.version for version in frames.versions("p")] == list(range(41))
    assert all(len(frames.versions(f"own {number}")) == 10 for number in range(1, 5))


def test_the_view_rebuilds_to_the_same_state(frames, vault) -> None:
    frames.write("p", frame_of(1))
    frames.append("p", frame_of(2))
    frames.delete("p")
    frames.write("q", frame_of(3))
    odd = {"version": "none"}
    vault.commit(lambda tx: tx.record_own("frame.written", subject="strange", data=odd))

    before = vault.view(FrameVersions).names(), frames.read("p", 1)["a"].tolist()
    vault.rebuild()

    assert (vault.view(FrameVersions).names(), frames.read("p", 1)["a"].tolist()) == before
    assert vault.verify().problems == ()


def test_a_reopened_vault_has_the_same_frames(frames, vault) -> None:
    frames.write("p", pd.DataFrame({"a": np.random.default_rng(0).random(200_000)}))
    expected = frames.read("p")
    vault.close()

    with open_vault(vault.path, read_only=True) as again:
        pd.testing.assert_frame_equal(Frames(again).read("p"), expected)


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize(
    "freq",
    [pd.offsets.CustomBusinessDay(holidays=["2030-01-02"]), pd.offsets.BDay(normalize=True)],
)
def test_a_frequency_that_its_text_does_not_tell_is_refused(rows: int, freq) -> None:
    index = pd.date_range("2020-01-01", periods=rows, freq=freq)

    with pytest.raises(Unstorable, match="set freq to None"):
        put_frame(CountingPayloads(), pd.DataFrame(index=index))
