"""The kinds of events of ModelVault's collections, and what their data holds.

    kind                               subject              data
    modelvault.collection.registered   native collection    schema
    modelvault.schema.registered       native collection    schema, forced
    modelvault.field.backfilled        native collection    schema, path

A schema is whole in each, as `nacre_adapters.modelvault.schema.to_data` writes it. Rows and their
indexes are events of native rows.
"""

REGISTERED = "modelvault.collection.registered"
CHANGED = "modelvault.schema.registered"
BACKFILLED = "modelvault.field.backfilled"
