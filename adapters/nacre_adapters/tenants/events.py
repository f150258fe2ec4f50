"""The kinds of events that the adapter records, beside those of the collections.

The rows, schemas and indexes of tables are events of the engine, `rows.*`.
"""

TENANT_CREATED = "tenants.tenant.created"
"""In the catalogue. Subject: the id. Data: name, layout, vault (the id of its vault)."""

TABLE_DECLARED = "tenants.table.declared"
"""Subject: the collection. Data: namespace, table, columns (a list of [name, type])."""

TABLE_DROPPED = "tenants.table.dropped"
"""Subject: the collection. Data: namespace, table."""
