"""Lineage both ways: by what events say, and by blobs that they share."""

import json
from pathlib import Path

import pytest
from audit.commands import nacre_command
from hypothesis import given, settings
from hypothesis import strategies as st

import nacre
from nacre.errors import NotFound
from nacre.operations.draw import as_dot, as_mermaid
from nacre.operations.trace import Trace, trace
from nacre.views import MemoryPairs
from nacre.views.lineage import Lineage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """raw -> clean -> model -> report; a copy of raw; clean has two versions."""
    with nacre.open(tmp_path / "v", actor="ana") as vault:
        raw = vault.put(b"measurements")
        made = vault.record
        made("file.added", subject="raw", data={"content": raw})
        made("table.written", subject="clean", data={"version": 0, "made_from": ["raw"]})
        made(
            "model.trained",
            subject="model",
            data={"made_from": [{"subject": "clean", "version": 0}]},
        )
        made("table.written", subject="clean", data={"version": 1, "made_from": ["raw"]})
        made(
            "report.sent",
            subject="report",
            data={"made_from": [{"subject": "model"}, {"subject": "clean", "position": 2}]},
        )
        made("file.added", subject="copy", data={"content": raw})
        made("unrelated", subject="other", data={"made_from": ["nobody", 7, {"subject": 5}]})
    return tmp_path / "v"


def traced(path: Path, subject: str, **how: int) -> Trace:
    with nacre.open(path, read_only=True) as vault:
        return trace(vault.store, subject, **how)


def pairs(found: Trace) -> set[tuple[int, int]]:
    return {(link.source[0], link.target[0]) for link in found.links}


def test_a_trace_goes_both_ways(path: Path) -> None:
    assert pairs(traced(path, "model")) == {(0, 1), (1, 2), (2, 4)}


def test_a_position_takes_the_event_of_that_time(path: Path) -> None:
    assert pairs(traced(path, "report")) == {(0, 1), (1, 2), (1, 4), (2, 4)}


def test_a_shared_blob_is_a_link_of_its_own(path: Path) -> None:
    found = traced(path, "copy")

    assert pairs(found) == {(0, 5)}
    assert found.links[0].why.startswith("b3:")


def test_a_commit_can_be_chosen(path: Path) -> None:
    assert pairs(traced(path, "clean", position=3)) == {(0, 3)}
    with pytest.raises(NotFound, match="in commit 5"):
        traced(path, "clean", position=5)


def test_what_is_no_reference_is_no_link(path: Path) -> None:
    found = traced(path, "other")

    assert found.links == ()
    assert [node.subject for node in found.nodes] == ["other"]


def test_a_view_that_is_kept_says_the_same(path: Path) -> None:
    before = traced(path, "report")
    with nacre.open(path) as vault:
        vault.register(Lineage)
        vault.record("report.sent", subject="second", data={"made_from": ["report"]})
        assert vault.verify().is_clean

    after = traced(path, "report")

    assert after.links[:-1] == before.links
    assert pairs(after) - pairs(before) == {(4, 7)}


def test_long_lineages_are_cut_and_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nacre.operations.trace.MOST_NODES", 10)
    with nacre.open(tmp_path / "v") as vault:
        with vault.transaction() as tx:
            tx.record("a", subject="s0")
            for n in range(50):
                tx.record("a", subject=f"s{n + 1}", data={"made_from": [f"s{n}"]})

    found = traced(tmp_path / "v", "s0")

    assert found.is_cut
    assert len(found.links) == 10


def test_the_command_draws(path: Path) -> None:
    text = nacre_command("trace", path, "model")
    found = traced(path, "model")

    assert "made from\n    table.written 'clean' (commit 1) by ana" in text
    assert "made into\n    report.sent 'report' (commit 4) by ana" in text
    assert nacre_command("trace", path, "model", "--format", "dot") == as_dot(found)
    assert nacre_command("trace", path, "model", "--format", "mermaid") == as_mermaid(found)
    assert "e1_0 -> e2_0;" in as_dot(found)
    assert "e1_0 --> e2_0" in as_mermaid(found)
    assert len(json.loads(nacre_command("trace", path, "model", "--json"))["nodes"]) == 4


def test_drawings_quote_what_subjects_hold(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("a", subject='x"]; evil <b> `c` \\')

    found = traced(tmp_path / "v", 'x"]; evil <b> `c` \\')

    assert 'x\\"]; evil' in as_dot(found)
    assert '"]; evil' not in as_mermaid(found)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=300) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["subject", "position", "version"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(made_from=ANYTHING, version=ANYTHING)
@settings(max_examples=150, deadline=None)
def test_the_view_accepts_every_event(made_from: object, version: object) -> None:
    header = nacre.Header(
        vault_id=bytes(16), position=3, time_ns=0, actor="a", message="", write_id="w"
    )
    data = {"made_from": made_from, "version": version}
    event = nacre.Event("k", "s", data, 1, 0, header)

    view = Lineage(nacre.State(MemoryPairs()))
    view.apply(event)

    assert view.events_of("s") == [(3, 0)]


def test_the_command_shows_the_lineage_as_it_was(path: Path) -> None:
    now = nacre_command("trace", path, "raw")
    then = nacre_command("trace", path, "raw", "--at", 3)

    assert "report" in now
    assert "model" in then
    assert "report" not in then
