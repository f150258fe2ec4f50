"""The events of a vault as CloudEvents, as OpenLineage runs, and as a Parquet table.

They are for programs that know these formats. None holds the bytes that proofs are made of, and
none can be imported again: that is what JSON Lines are for.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from nacre.event import Commit, Event
from nacre.operations.evidence import json_line, readable, time_text
from nacre.operations.export_jsonl import ExportReport
from nacre.operations.report import Progress
from nacre.store import Store
from nacre.views.lineage import Lineage

Fields = dict[str, object]

_PRODUCER = "https://pypi.org/project/nacre/"
_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_VERSION_FACET = (
    "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json"
    "#/$defs/DatasetVersionDatasetFacet"
)
# What the type String of CloudEvents does not allow.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_ROWS = 50_000
_REPORT_EVERY = 256

COLUMNS = pa.schema(
    [
        ("position", pa.uint64()),
        ("ordinal", pa.uint32()),
        ("time", pa.timestamp("ns", tz="UTC")),
        ("actor", pa.string()),
        ("message", pa.string()),
        ("kind", pa.string()),
        ("subject", pa.string()),
        ("version", pa.uint64()),
        ("data", pa.string()),
        ("leaf", pa.binary(32)),
        ("purged", pa.binary()),
    ]
)


def export_cloudevents(store: Store, path: Path, progress: Progress) -> ExportReport:
    """Write a CloudEvents 1.0 JSON batch: one event for each event."""
    source = source_of(store)
    written = _Lines(store, progress)
    with path.open("w", encoding="utf-8", newline="\n") as out:
        before = "[\n"
        for commit in written.commits():
            for event in commit.events:
                out.write(before + json_line(_cloudevent(event, source)).rstrip("\n"))
                before = ",\n"
        out.write("\n]\n" if before == ",\n" else "[]\n")
    return written.report("cloudevents")


def export_openlineage(store: Store, path: Path, progress: Progress) -> ExportReport:
    """Write OpenLineage run events, one a line: each commit is a run of its kind of event."""
    written = _Lines(store, progress)
    lineage = store.view(Lineage)
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for commit in written.commits():
            for fields in _runs(store, commit, lineage):
                out.write(json_line(fields))
    return written.report("openlineage")


def export_parquet(store: Store, path: Path, progress: Progress) -> ExportReport:
    """Write a Parquet file with a row for each event; the data is JSON."""
    written = _Lines(store, progress)
    rows: list[Fields] = []
    with parquet.ParquetWriter(str(path), COLUMNS, compression="zstd") as writer:
        for commit in written.commits():
            rows += [_row(event, commit.leaf) for event in commit.events]
            if len(rows) >= _ROWS:
                writer.write_table(pa.Table.from_pylist(rows, COLUMNS))
                rows = []
        writer.write_table(pa.Table.from_pylist(rows, COLUMNS))
    return written.report("parquet")


def source_of(store: Store) -> str:
    """Return the vault as a URI."""
    return f"urn:uuid:{uuid.UUID(bytes=store.identity.vault_id)}"


class _Lines:
    """The commits up to the head of now, and how many there were."""

    def __init__(self, store: Store, progress: Progress) -> None:
        self._store = store
        self._progress = progress
        self._head = store.head
        self._events = 0

    def commits(self) -> Iterator[Commit]:
        """Yield the commits in order."""
        for position, commit in enumerate(self._store.commits(0, self._head)):
            if position % _REPORT_EVERY == 0:
                self._progress("commits", position, self._head)
            self._events += len(commit.events)
            yield commit

    def report(self, form: str) -> ExportReport:
        """Return what was written."""
        return ExportReport(format=form, commits=self._head, events=self._events)


def _cloudevent(event: Event, source: str) -> Fields:
    fields: Fields = {
        "specversion": "1.0",
        "id": f"{event.position}.{event.ordinal}",
        "source": source,
        "type": event.kind,
        "time": time_text(event.time_ns),
        # An extension that CloudEvents documents: its order is that of the text.
        "sequence": f"{event.position:020}.{event.ordinal:010}",
        "nacreactor": _plain(event.actor),
        "nacreversion": event.version,
        "datacontenttype": "application/json",
    }
    if event.subject:
        fields["subject"] = _plain(event.subject)
    if event.message:
        fields["nacremessage"] = _plain(event.message)
    if event.purged is not None:
        return {**fields, "data": None, "nacrehash": event.purged.hex()}
    return {**fields, "data": readable(dict(event.data))}


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", text)


def _runs(store: Store, commit: Commit, lineage: Lineage) -> Iterator[Fields]:
    header = commit.header
    namespace = f"nacre/{header.vault_id.hex()}"
    kinds = list(dict.fromkeys(event.kind for event in commit.events))
    run = uuid.uuid5(uuid.UUID(bytes=header.vault_id), str(header.position))
    sources = {
        place: None
        for event in commit.events
        for place, _ in lineage.inputs((event.position, event.ordinal))
    }
    inputs = [_event_at(store, *place) for place in sources]
    for kind in ("START", "COMPLETE"):
        yield {
            "eventType": kind,
            "eventTime": time_text(header.time_ns),
            "run": {"runId": str(run)},
            "job": {"namespace": namespace, "name": "+".join(kinds) or "commit"},
            "inputs": [_dataset(namespace, event) for event in inputs],
            "outputs": [_dataset(namespace, event) for event in commit.events if event.subject],
            "producer": _PRODUCER,
            "schemaURL": _SCHEMA,
        }


def _event_at(store: Store, position: int, ordinal: int) -> Event:
    return next(store.commits(position, position + 1)).events[ordinal]


def _dataset(namespace: str, event: Event) -> Fields:
    version = {
        "_producer": _PRODUCER,
        "_schemaURL": _VERSION_FACET,
        "datasetVersion": f"{event.position}.{event.ordinal}",
    }
    return {"namespace": namespace, "name": event.subject, "facets": {"version": version}}


def _row(event: Event, leaf: bytes) -> Fields:
    return {
        "position": event.position,
        "ordinal": event.ordinal,
        "time": event.time_ns,
        "actor": event.actor,
        "message": event.message,
        "kind": event.kind,
        "subject": event.subject,
        "version": event.version,
        "data": json.dumps(readable(dict(event.data)), ensure_ascii=False, allow_nan=False),
        "leaf": leaf,
        "purged": event.purged,
    }


EVENT_FORMATS: dict[str, Callable[[Store, Path, Progress], ExportReport]] = {
    "cloudevents": export_cloudevents,
    "openlineage": export_openlineage,
    "parquet": export_parquet,
}
