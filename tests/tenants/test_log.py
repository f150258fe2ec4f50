"""The log of a tenant: what happened to its tables, and nothing of what happened to others'."""

import pytest
from tenants import models

from nacre.errors import InvalidInput
from nacre_adapters.tenants import Database, Host, drop_table


@pytest.fixture(params=["vault", "shared"])
def pair(host: Host, request: pytest.FixtureRequest) -> tuple[Database, Database]:
    """Two tenants whose ids begin alike, each with a table and a row."""
    made = [host.get_or_create(name, layout=request.param) for name in ("a", "a_b")]
    for db in made:
        with db.tx(f"the first day of {db.home.namespace}"):
            db.create(models.users(), name="users", pk="email").insert(email="x")
    return made[0], made[1]


def test_each_tenant_has_its_own_log(pair: tuple[Database, Database]) -> None:
    first, second = pair
    second["users"].insert(email="y")

    for db, inserts in ((first, 1), (second, 2)):
        log = db.log()
        subjects = {event.subject for event in log}
        assert subjects == {db.home.collection_name("users")}
        assert [event.kind for event in log].count("rows.changed") == inserts
        positions = [event.position for event in log]
        assert positions == sorted(positions, reverse=True)
        assert log[-1].message == f"the first day of {db.home.namespace}"


def test_a_log_is_narrowed_and_keeps_what_was_dropped(pair: tuple[Database, Database]) -> None:
    db, _ = pair
    db.create(models.todos(), name="todos").insert(title="t")
    before = db.log(limit=1)[0].position
    drop_table(db, "todos")

    assert {event.subject for event in db.log("todos")} == {db.home.collection_name("todos")}
    assert [event.kind for event in db.log("todos", limit=1)] == ["tenants.table.dropped"]
    assert {event.kind for event in db.log(since=before + 1)} == {
        "tenants.table.dropped",
        "rows.dropped",
    }
    assert db.at(before + 1).log()[0].position == before
    assert db.log("nothing") == []
    with pytest.raises(InvalidInput, match="limit is -1"):
        db.log(limit=-1)
