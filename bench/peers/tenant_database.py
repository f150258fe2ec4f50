"""Tenant databases of fh-saas, and nacre's in their place: the same calls, timed the same."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

ACCOUNTS = 1000


class Transaction:
    """What a tenant keeps."""

    id: str
    account_id: str
    amount: float
    date: str
    category: str = None  # type: ignore[assignment]  # the original's models are written so


class FhSaas:
    """fh-saas's own, on SQLite."""

    def _functions(self) -> tuple[Any, Any, Any, Any]:
        # It needs nbdev and does not say so; what it uses of it is a decorator.
        nbdev = ModuleType("nbdev.showdoc")
        nbdev.show_doc = lambda *_, **__: None  # type: ignore[attr-defined]
        sys.modules.setdefault("nbdev", ModuleType("nbdev"))
        sys.modules["nbdev.showdoc"] = nbdev
        os.environ["DB_TYPE"] = "SQLITE"
        from fh_saas.db_tenant import get_or_create_tenant_db  # noqa: PLC0415 - only there
        from fh_saas.utils_db import create_index, drop_index, register_table  # noqa: PLC0415

        return get_or_create_tenant_db, register_table, create_index, drop_index

    def open(self, path: str) -> float:
        """Work below a directory; return the seconds that the first tenant takes."""
        Path(path).mkdir(parents=True, exist_ok=True)
        os.chdir(path)
        self._get, self._register, self._create_index, self._drop_index = self._functions()
        self._get("host_is_there").close()
        start = time.perf_counter()
        self._db = self._get("acme")
        taken = time.perf_counter() - start
        self._table = self._register(self._db, Transaction, "transactions")
        self._next = 0
        return taken

    def close(self) -> None:
        self._db.close()

    def insert(self, count: int) -> float:
        """Insert rows one by one."""
        first = self._next
        self._next += count
        return _timed(count, lambda n: self._table.insert(Transaction(**_row(first + n))))

    def insert_all(self, count: int) -> float:
        """Insert rows in one call."""
        rows = [_row(self._next + n) for n in range(count)]
        self._next += count
        return _timed(1, lambda _: self._table.insert_all(rows))

    def get(self, count: int) -> float:
        """Get rows by their keys."""
        table = self._table
        return _timed(count, lambda n: table[f"t{n:07}"])

    def update(self, count: int) -> float:
        """Change rows by their keys."""
        self._turn = getattr(self, "_turn", 0) + 1
        return _timed(count, lambda n: self._table.update(id=f"t{n:07}", amount=float(self._turn)))

    def find(self, count: int) -> float:
        """Find the rows of an account."""
        table = self._table
        found = len(table("account_id = ?", ["a7"]))
        assert found == self._next // ACCOUNTS, found
        return _timed(count, lambda n: table("account_id = ?", [f"a{n}"]))

    def find_large(self, count: int) -> float:
        """Find ten rows by a column without an index."""
        table = self._table
        return _timed(count, lambda n: table("amount > ?", [float(n)], limit=10))

    def sort(self, count: int) -> float:
        """Find the ten largest rows, without an index."""
        table = self._table
        return _timed(count, lambda _: table(order_by="amount desc", limit=10))

    def index(self) -> float:
        """Make an index, and drop it."""
        taken = _timed(1, lambda _: self._create_index(self._db, "transactions", ["account_id"]))
        self._drop_index(self._db, "idx_transactions_account_id")
        return taken

    def keep_index(self) -> float:
        """Make an index."""
        return _timed(1, lambda _: self._create_index(self._db, "transactions", ["account_id"]))

    def tenants(self, count: int) -> list[float]:
        """Open tenants, with a table each, and hold them; return seconds, MiB and descriptors."""
        before = _resident()
        start = time.perf_counter()
        self._held = [self._get(f"tenant_{n}") for n in range(count)]
        for db in self._held:
            self._register(db, Transaction, "transactions")
        taken = time.perf_counter() - start
        return [taken, _resident() - before, float(len(os.listdir("/proc/self/fd")))]


class Nacre(FhSaas):
    """The adapter."""

    def _functions(self) -> tuple[Any, Any, Any, Any]:
        from nacre_adapters import tenants  # noqa: PLC0415 - not in the peer's environment

        functions = (tenants.register_table, tenants.create_index, tenants.drop_index)
        return (tenants.get_or_create_tenant_db, *functions)


def _row(number: int) -> dict[str, object]:
    return {
        "id": f"t{number:07}",
        "account_id": f"a{number % ACCOUNTS}",
        "amount": float(number % 99_991),
        "date": f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}",
        "category": ("food", "rent", "fun")[number % 3],
    }


def _timed(count: int, work: Callable[[int], object]) -> float:
    start = time.perf_counter()
    for number in range(count):
        work(number)
    return time.perf_counter() - start


def _resident() -> float:
    """Return the mebibytes of memory that the process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
