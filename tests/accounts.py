"""The view that the tests of the engine keep: how much each account holds."""

from typing import ClassVar

import nacre


class Accounts:
    """Balances by owner, and how many events there were."""

    name: ClassVar[str] = "accounts"
    version: ClassVar[int] = 1
    kinds = ("deposited", "withdrawn")

    def __init__(self, state: nacre.State) -> None:
        self._balances = state.table("balances")

    def apply(self, event: nacre.Event) -> None:
        sign = 1 if event.kind == "deposited" else -1
        self._balances[event.subject] = self.get(event.subject) + sign * event.data["amount"]

    def get(self, owner: str) -> int:
        return self._balances.get(owner, 0)

    def all(self) -> dict[str, int]:
        return {owner: amount for (owner,), amount in self._balances.scan()}


class DoubledAccounts(Accounts):
    """The same view by newer code: it counts cents."""

    version: ClassVar[int] = 2

    def apply(self, event: nacre.Event) -> None:
        super().apply(event._replace(data={"amount": event.data["amount"] * 100}))


def deposit(vault: nacre.Vault, owner: str, amount: int, **how: str) -> nacre.Receipt:
    return vault.record("deposited", subject=owner, data={"amount": amount}, **how)


def fill(vault: nacre.Vault, commits: int, events: int) -> None:
    """Commit many deposits of 1, to 100 owners in turn."""
    for _ in range(commits):
        with vault.transaction() as tx:
            for n in range(events):
                tx.record("deposited", subject=f"o{n % 100}", data={"amount": 1})
