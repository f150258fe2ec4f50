"""The log as W3C PROV-JSON: commits are activities, actors agents, what events speak of entities.

The document is one JSON object with a member for each kind of statement, so the log is read once
for each of them rather than kept in memory.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from nacre.event import Commit, Event
from nacre.operations.evidence import json_line, time_text
from nacre.operations.export_events import source_of
from nacre.operations.export_jsonl import ExportReport
from nacre.operations.report import Progress
from nacre.store import Store
from nacre.views.lineage import Lineage

_BY = "vault:by/"

Statement = tuple[str, dict[str, object]]


def export_prov(store: Store, path: Path, progress: Progress) -> ExportReport:
    """Write a PROV-JSON document."""
    head = store.head
    lineage = store.view(Lineage)
    sections: dict[str, Callable[[Commit], Iterator[Statement]]] = {
        "agent": _agents,
        "activity": _activities,
        "entity": _entities,
        "wasAssociatedWith": _associations,
        "wasGeneratedBy": _generations,
        "used": lambda commit: _usages(commit, lineage),
        "wasDerivedFrom": lambda commit: _derivations(commit, lineage),
    }
    prefix = {"vault": source_of(store) + "#", "nacre": "https://pypi.org/project/nacre/#"}
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write('{"prefix":' + json_line(prefix).rstrip("\n"))
        for number, (name, statements) in enumerate(sections.items()):
            progress("statements", number, len(sections))
            out.write(f',\n"{name}":{{')
            for line in _members(store, head, statements):
                out.write(line)
            out.write("}")
        out.write("}\n")
    events = sum(len(commit.events) for commit in store.commits(0, head))
    return ExportReport(format="prov", commits=head, events=events)


def _members(
    store: Store, head: int, statements: Callable[[Commit], Iterator[Statement]]
) -> Iterator[str]:
    """Yield the members of a section, with the commas between them."""
    agents: set[str] = set()
    between = ""
    for commit in store.commits(0, head):
        for name, fields in statements(commit):
            if name in agents:
                continue
            if name.startswith(_BY):
                agents.add(name)  # they alone come again
            yield between + json_line({name: fields}).rstrip("\n")[1:-1]
            between = ",\n"


def _agents(commit: Commit) -> Iterator[Statement]:
    yield _agent(commit), {"prov:label": commit.header.actor}


def _activities(commit: Commit) -> Iterator[Statement]:
    time = time_text(commit.header.time_ns)
    fields: dict[str, object] = {"prov:startTime": time, "prov:endTime": time}
    if commit.header.message:
        fields["prov:label"] = commit.header.message
    yield _activity(commit), fields


def _entities(commit: Commit) -> Iterator[Statement]:
    for event in commit.events:
        yield _entity(event.position, event.ordinal), _described(event)


def _associations(commit: Commit) -> Iterator[Statement]:
    fields: dict[str, object] = {"prov:activity": _activity(commit), "prov:agent": _agent(commit)}
    yield f"_:a{commit.header.position}", fields


def _generations(commit: Commit) -> Iterator[Statement]:
    for event in commit.events:
        yield (
            f"_:g{event.position}.{event.ordinal}",
            {
                "prov:entity": _entity(event.position, event.ordinal),
                "prov:activity": _activity(commit),
                "prov:time": time_text(event.time_ns),
            },
        )


def _usages(commit: Commit, lineage: Lineage) -> Iterator[Statement]:
    for event in commit.events:
        for number, (source, _) in enumerate(lineage.inputs((event.position, event.ordinal))):
            yield (
                f"_:u{event.position}.{event.ordinal}.{number}",
                {"prov:activity": _activity(commit), "prov:entity": _entity(*source)},
            )


def _derivations(commit: Commit, lineage: Lineage) -> Iterator[Statement]:
    for event in commit.events:
        for number, (source, _) in enumerate(lineage.inputs((event.position, event.ordinal))):
            yield (
                f"_:d{event.position}.{event.ordinal}.{number}",
                {
                    "prov:generatedEntity": _entity(event.position, event.ordinal),
                    "prov:usedEntity": _entity(*source),
                },
            )


def _described(event: Event) -> dict[str, object]:
    return {
        "prov:label": event.subject or "purged",
        "nacre:kind": event.kind,
        "nacre:position": event.position,
    }


def _activity(commit: Commit) -> str:
    return f"vault:commit/{commit.header.position}"


def _agent(commit: Commit) -> str:
    return f"{_BY}{quote(commit.header.actor, safe='')}"


def _entity(position: int, ordinal: int) -> str:
    return f"vault:event/{position}.{ordinal}"
