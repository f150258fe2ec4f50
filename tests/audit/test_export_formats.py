"""Exports for other programs are what their specifications ask for."""

import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from audit.commands import nacre_command
from pyarrow import parquet

import nacre
from nacre.errors import InvalidInput

URI = re.compile(r"[a-z][a-z0-9+.-]*:\S+")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
PLAIN_NAME = re.compile("[a-z0-9]{1,20}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with nacre.open(tmp_path / "v", actor="ana ñ") as vault:
        raw = vault.put(b"raw")
        vault.record("file.added", subject="raw", data={"content": raw}, message="two\nlines")
        with vault.transaction() as tx:
            tx.record("table.written", subject="clean", data={"made_from": ["raw"]}, version=2)
            tx.record("odd.kept", subject="odd", data={"nan": float("nan"), "bytes": b"\x00"})
        vault.record("model.trained", subject="model", data={"made_from": ["clean", "raw"]})
    return tmp_path / "v"


def exported(path: Path, form: str) -> Path:
    to = path.with_name(form)
    nacre_command("export", path, "--format", form, "--to", to)
    return to


def test_cloudevents_have_the_attributes_of_the_specification(path: Path) -> None:
    events = json.loads(exported(path, "cloudevents").read_text())

    assert [event["type"] for event in events] == [
        "file.added",
        "table.written",
        "odd.kept",
        "model.trained",
    ]
    assert len({(event["source"], event["id"]) for event in events}) == len(events)
    for event in events:
        assert event["specversion"] == "1.0"
        assert URI.fullmatch(event["source"])
        assert RFC3339.fullmatch(event["time"])
        assert all(PLAIN_NAME.fullmatch(name) for name in event)
        attributes = {name: value for name, value in event.items() if name != "data"}
        assert all(type(value) in (str, int) and value != "" for value in attributes.values())
        assert not any(re.search("[\x00-\x1f\x7f-\x9f]", str(v)) for v in attributes.values())
    assert [event["sequence"] for event in events] == sorted(e["sequence"] for e in events)
    assert events[0]["nacremessage"] == "two lines"


def test_cloudevents_are_read_by_their_own_package(path: Path) -> None:
    formats = pytest.importorskip("cloudevents.core.formats.json")
    events = pytest.importorskip("cloudevents.core.v1.event")
    batch = json.loads(exported(path, "cloudevents").read_text())

    for fields in batch:
        data = json.dumps(fields).encode()
        read = formats.JSONFormat().read(events.CloudEvent, data)
        assert read.get_type() == fields["type"]
        assert read.get_subject() == fields["subject"]


def test_prov_is_read_by_its_own_package(path: Path) -> None:
    model = pytest.importorskip("prov.model")
    text = exported(path, "prov").read_text()

    document = model.ProvDocument.deserialize(content=text, format="json")

    kinds = [record.get_type().localpart for record in document.get_records()]
    assert kinds.count("Activity") == 3
    assert kinds.count("Entity") == 4
    assert kinds.count("Agent") == 1
    assert kinds.count("Association") == 3
    assert kinds.count("Generation") == 4
    assert kinds.count("Usage") == kinds.count("Derivation") == 3


def test_prov_says_what_was_made_from_what(path: Path) -> None:
    document = json.loads(exported(path, "prov").read_text())

    derived = {
        (link["prov:generatedEntity"], link["prov:usedEntity"])
        for link in document["wasDerivedFrom"].values()
    }
    assert derived == {
        ("vault:event/1.0", "vault:event/0.0"),
        ("vault:event/2.0", "vault:event/1.0"),
        ("vault:event/2.0", "vault:event/0.0"),
    }
    assert set(document["agent"]) == {"vault:by/ana%20%C3%B1"}


def test_openlineage_has_a_start_and_an_end_for_each_commit(path: Path) -> None:
    runs = [json.loads(line) for line in exported(path, "openlineage").read_text().splitlines()]

    assert [run["eventType"] for run in runs] == ["START", "COMPLETE"] * 3
    assert len({run["run"]["runId"] for run in runs}) == 3
    for run in runs:
        assert {"eventTime", "producer", "schemaURL", "run", "job"} <= set(run)
        assert RFC3339.fullmatch(run["eventTime"])
        assert URI.fullmatch(run["producer"])
        assert URI.fullmatch(run["schemaURL"])
        assert run["job"]["namespace"]
        assert run["job"]["name"]
        for dataset in (*run["inputs"], *run["outputs"]):
            assert dataset["namespace"]
            assert dataset["name"]
            assert set(dataset["facets"]["version"]) == {
                "_producer",
                "_schemaURL",
                "datasetVersion",
            }
    assert [d["name"] for d in runs[-1]["inputs"]] == ["clean", "raw"]
    assert [d["name"] for d in runs[-1]["outputs"]] == ["model"]


def test_parquet_has_a_row_for_each_event(path: Path) -> None:
    table = parquet.read_table(exported(path, "parquet"))

    assert table.column("subject").to_pylist() == ["raw", "clean", "odd", "model"]
    assert table.column("position").to_pylist() == [0, 1, 1, 2]
    assert table.column("version").to_pylist() == [1, 2, 1, 1]
    assert json.loads(table.column("data").to_pylist()[1]) == {"made_from": ["raw"]}
    with nacre.open(path, read_only=True) as vault:
        assert table.column("leaf").to_pylist()[0] == vault.commit_at(0).leaf
        first = table.column("time")[0].as_py()
        assert datetime.fromisoformat(first.isoformat()) == vault.commit_at(0).header.time


@pytest.mark.parametrize("form", ["jsonl", "cloudevents", "prov", "openlineage", "parquet"])
def test_an_empty_vault_can_be_exported(form: str, tmp_path: Path) -> None:
    nacre.open(tmp_path / "v").close()

    file = exported(tmp_path / "v", form)

    if form == "parquet":
        assert parquet.read_table(file).num_rows == 0
    elif form == "openlineage":
        assert file.read_text() == ""
    else:
        assert (
            [json.loads(line) for line in file.read_text().splitlines()]
            if (form == "jsonl")
            else json.loads(file.read_text()) is not None
        )


@pytest.mark.parametrize("form", ["cloudevents", "prov", "openlineage", "parquet"])
def test_only_an_export_with_a_checkpoint_is_signed(form: str, path: Path, tmp_path: Path) -> None:
    nacre_command("keygen", path, tmp_path / "key")

    with pytest.raises(InvalidInput, match="holds no checkpoint"):
        nacre_command(
            "export", path, "--format", form, "--to", tmp_path / "x", "--key", tmp_path / "key"
        )
    assert not (tmp_path / "x").exists()
