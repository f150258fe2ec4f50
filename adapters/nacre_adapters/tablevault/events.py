"""The kinds of events of a TableVault, and what their data holds.

    kind                               subject               data
    tablevault.vault.created           tablevault            description
    tablevault.table.created           table/<number>        number, name, description,
                                                             multiple_artifacts, side_effects
    tablevault.table.renamed           table/<number>        number, name, before
    tablevault.table.deleted           table/<number>        number, name
    tablevault.instance.begun          table/<n>/<version>   table, version, description, origin,
                                                             external_edit, builders, frame,
                                                             artifact_columns
    tablevault.instance.filled         table/<n>/<version>   table, version, frame,
                                                             artifact_columns
    tablevault.instance.materialized   instance/<id>         see `state.Instance`; made_from
    tablevault.instance.deleted        instance/<id>         table, instance
    tablevault.instance.discarded      table/<n>/<version>   table, version
    tablevault.builder.written         table/<n>/<version>   table, version, name, text
    tablevault.builder.deleted         table/<n>/<version>   table, version, name
    tablevault.module.written          module/<name>         name, text
    tablevault.module.deleted          module/<name>         name
    tablevault.process.started         process/<id>          operation, author, arguments, holder,
                                                             locks, named, progress
    tablevault.process.kept            process/<id>          builder, recipe, rows, frame: a part
    tablevault.process.stepped         process/<id>          builder, frame, artifact_columns,
                                                             reads, recipes: all columns so far
    tablevault.process.paused          process/<id>          error: it keeps its locks
    tablevault.process.interrupted     process/<id>          error: its locks end
    tablevault.process.resumed         process/<id>          holder, locks, author
    tablevault.process.completed       process/<id>          operation, author, arguments, pid,
                                                             named if it was not started before
    tablevault.process.failed          process/<id>          the same, and error

A table has a number for good; its name may change. Texts of builders and modules are blobs, and
so is a frame. A holder is a list: host, boot, namespace, pid, started. A lock is a list: number
of the table, version; an empty version locks the whole table. An error is a list: class, message.
"""

from collections.abc import Mapping
from typing import NamedTuple

VAULT_CREATED = "tablevault.vault.created"
TABLE_CREATED = "tablevault.table.created"
TABLE_RENAMED = "tablevault.table.renamed"
TABLE_DELETED = "tablevault.table.deleted"
INSTANCE_BEGUN = "tablevault.instance.begun"
INSTANCE_FILLED = "tablevault.instance.filled"
INSTANCE_MATERIALIZED = "tablevault.instance.materialized"
INSTANCE_DELETED = "tablevault.instance.deleted"
INSTANCE_DISCARDED = "tablevault.instance.discarded"
BUILDER_WRITTEN = "tablevault.builder.written"
BUILDER_DELETED = "tablevault.builder.deleted"
MODULE_WRITTEN = "tablevault.module.written"
MODULE_DELETED = "tablevault.module.deleted"
PROCESS_STARTED = "tablevault.process.started"
PROCESS_KEPT = "tablevault.process.kept"
PROCESS_STEPPED = "tablevault.process.stepped"
PROCESS_PAUSED = "tablevault.process.paused"
PROCESS_INTERRUPTED = "tablevault.process.interrupted"
PROCESS_RESUMED = "tablevault.process.resumed"
PROCESS_COMPLETED = "tablevault.process.completed"
PROCESS_FAILED = "tablevault.process.failed"

VAULT = "tablevault"


class Fact(NamedTuple):
    """An event as a decision returns it: not yet recorded."""

    kind: str
    subject: str
    data: Mapping[str, object]


def table_subject(number: int) -> str:
    """Return the subject of what happens to a table."""
    return f"table/{number}"


def temporary_subject(number: int, version: str) -> str:
    """Return the subject of what happens to a temporary instance."""
    return f"table/{number}/{version}"


def instance_subject(instance_id: str) -> str:
    """Return the subject of what happens to a materialized instance."""
    return f"instance/{instance_id}"


def module_subject(name: str) -> str:
    """Return the subject of what happens to a code module."""
    return f"module/{name}"


def process_subject(process_id: str) -> str:
    """Return the subject of what happens to a process."""
    return f"process/{process_id}"
