"""The kinds of events of connections, and what their data holds.

    kind                           subject                    data
    flowstore.connection.created   connection/<id>            id, owner, name, type, fields,
                                                              secrets, is_shared
    flowstore.connection.updated   the same                   id, fields, secrets, is_shared
    flowstore.connection.deleted   the same                   id
    flowstore.database.read        the same                   id, flow, step, query, rows
    flowstore.database.written     the same                   id, flow, step, table, rows, if_exists

`secrets` has the name of each secret field and the reference that its ciphertext is found by; the
secret and the ciphertext are not in the log. `query` is the digest of the query's text.
"""

CREATED = "flowstore.connection.created"
UPDATED = "flowstore.connection.updated"
DELETED = "flowstore.connection.deleted"
READ = "flowstore.database.read"
WRITTEN = "flowstore.database.written"


def subject_of(connection: str) -> str:
    """Return the subject of what happens to a connection."""
    return f"connection/{connection}"
