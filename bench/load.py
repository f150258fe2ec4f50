"""The load that the crash campaign kills: threads that commit everything a vault can hold.

Every receipt goes through a pipe as soon as the commit has returned, and not before, with all
that is needed to check later that what was committed is there.
"""

import os
import random
import threading
import traceback
from collections.abc import Callable, Mapping
from itertools import count
from multiprocessing.connection import Connection

import pandas as pd

import nacre
from bench import data

Acknowledged = Mapping[str, object]
Act = Callable[[nacre.Vault, random.Random, str], Acknowledged]

_MAX_BLOB_BYTES = 300_000
_MAX_ROWS = 3000
_FRAME = "load"


class Tokens:
    """The commit of every token that an event carries."""

    name = "tokens"
    version = 1

    def __init__(self, state: nacre.State) -> None:
        self.positions = state.table("positions")

    def apply(self, event: nacre.Event) -> None:
        """Note the token of an event, if it has one."""
        if "token" in event.data:
            self.positions[event.data["token"], event.ordinal] = event.position


def commit_until_killed(path: str, single_file: bool, seed: int, pipe: Connection) -> None:
    """Open the vault and commit from several threads, for ever."""
    sending = threading.Lock()

    def send(acknowledged: Acknowledged) -> None:
        with sending:
            pipe.send(acknowledged)

    def work(number: int, act: Act) -> None:
        choose = random.Random(f"{seed} {number}")
        try:
            for turn in count():
                send(act(vault, choose, f"{seed}-{number}-{turn}"))
        except BaseException:  # noqa: BLE001 - told to the campaign, which reports it
            send({"error": traceback.format_exc()})

    send({"started": os.getpid()})
    try:
        vault = nacre.open(path, actor="load", single_file=single_file)
        vault.register(Tokens)
    except Exception:  # noqa: BLE001 - told to the campaign, which reports it
        send({"error": traceback.format_exc()})
        return
    acts: tuple[Act, ...] = (_record, _record, _record_many, _put_blob, _write_frame)
    threads = [threading.Thread(target=work, args=(number, act)) for number, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def frame_of(recipe: list[list[int]]) -> pd.DataFrame:
    """Return the frame that a recipe of seeds and row counts makes."""
    return pd.concat([data.make_frame(rows, seed) for seed, rows in recipe], ignore_index=True)


def blob_of(token: str, size: int) -> bytes:
    """Return the content of the blob of a token: half of it can be compressed."""
    return random.Random(token).randbytes(size // 2) + bytes(size - size // 2)


def _record(vault: nacre.Vault, choose: random.Random, token: str) -> Acknowledged:
    fields = {"token": token, "of": 1, "text": "x" * choose.randrange(200)}
    receipt = vault.record("load.noted", subject="note", data=fields, write_id=token)
    return {"token": token, "position": receipt.position, "events": 1}


def _record_many(vault: nacre.Vault, choose: random.Random, token: str) -> Acknowledged:
    events = choose.randrange(2, 200)
    with vault.transaction(message=token) as tx:
        for number in range(events):
            fields = {"token": token, "of": events, "number": number}
            tx.record("load.listed", subject=f"list-{number % 7}", data=fields)
        position = tx.position
    return {"token": token, "position": position, "events": events}


def _put_blob(vault: nacre.Vault, choose: random.Random, token: str) -> Acknowledged:
    size = choose.choice((choose.randrange(2000), choose.randrange(_MAX_BLOB_BYTES)))
    digest = vault.put(blob_of(token, size))
    fields = {"token": token, "of": 1, "blob": digest}
    receipt = vault.commit(lambda tx: tx.record("load.put", subject="blob", data=fields))
    return {"token": token, "position": receipt.position, "events": 1, "blob_bytes": size}


def _write_frame(vault: nacre.Vault, choose: random.Random, _: str) -> Acknowledged:
    recipe = [[choose.randrange(1 << 30), choose.randrange(1, _MAX_ROWS)]]
    written = vault.frames.write(_FRAME, frame_of(recipe))
    if choose.random() < 0.5:
        recipe.append([choose.randrange(1 << 30), choose.randrange(1, _MAX_ROWS)])
        written = vault.frames.append(_FRAME, frame_of(recipe[1:]))
    return {"frame": _FRAME, "version": written.version, "recipe": recipe}
