"""What a flow saves, kept by MLflow's file store, by joblib, and by the adapter.

Only `Nacre` needs nacre; the peers are imported in an environment of their own.
"""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd


def make_frame(megabytes: int, seed: int) -> pd.DataFrame:
    """A frame of so many megabytes: numbers, few and many texts, times."""
    rows = megabytes * 1_000_000 // 48
    random = np.random.default_rng(seed)
    cities = np.array(["Rome", "Bonn", "Oslo", "Lima", "Kyiv"], dtype=object)
    return pd.DataFrame(
        {
            "id": np.arange(rows),
            "price": random.normal(100, 15, rows),
            "amount": random.integers(0, 1000, rows),
            "ratio": random.random(rows),
            "time": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(rows), unit="s"),
            "city": pd.Categorical(cities[random.integers(0, 5, rows)]),
        }
    )


def small(number: int) -> dict[str, object]:
    return {"step": number, "loss": 1 / (number + 1), "tag": "train"}


class Kept:
    """A place, and a frame to keep in it."""

    def make(self, path: str, megabytes: int) -> int:
        self.path = Path(path)
        self.frame = make_frame(megabytes, 7)
        self.start()
        return int(self.frame.memory_usage(index=False, deep=True).sum())

    def start(self) -> None:
        """Open what the contestant needs."""

    def used_bytes(self) -> int:
        files = (file for file in self.path.rglob("*") if file.is_file())
        return sum(file.stat().st_blocks * 512 for file in files)


class Mlflow(Kept):
    """Parquet and JSON files, logged as artifacts of a run in a directory."""

    def start(self) -> None:
        os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        import mlflow  # noqa: PLC0415 - of the peer's environment

        self.mlflow = mlflow
        mlflow.set_tracking_uri((self.path / "mlruns").as_uri())
        self.run = mlflow.start_run()

    def save_frame(self, label: str) -> float:
        file = self.path / "frame.parquet"
        start = time.perf_counter()
        self.frame.to_parquet(file)
        self.mlflow.log_artifact(str(file), label)
        taken = time.perf_counter() - start
        file.unlink()
        return taken

    def load_frame(self, label: str) -> float:
        start = time.perf_counter()
        uri = f"{self.run.info.artifact_uri}/{label}/frame.parquet"
        frame = pd.read_parquet(self.mlflow.artifacts.download_artifacts(uri))
        taken = time.perf_counter() - start
        assert len(frame) == len(self.frame)
        return taken

    def save_small(self, count: int) -> float:
        start = time.perf_counter()
        for number in range(count):
            self.mlflow.log_dict(small(number), f"outputs/n{number}.json")
        return time.perf_counter() - start


class Joblib(Kept):
    """One file an object, not compressed."""

    def start(self) -> None:
        import joblib  # noqa: PLC0415 - of the peer's environment

        self.joblib = joblib

    def save_frame(self, label: str) -> float:
        start = time.perf_counter()
        self.joblib.dump(self.frame, self.path / label)
        return time.perf_counter() - start

    def load_frame(self, label: str) -> float:
        start = time.perf_counter()
        frame = self.joblib.load(self.path / label)
        taken = time.perf_counter() - start
        assert len(frame) == len(self.frame)
        return taken


class Nacre(Kept):
    """The adapter."""

    def start(self) -> None:
        from nacre_adapters import flowstore  # noqa: PLC0415 - of nacre's environment

        self.flows = flowstore
        self.place = flowstore.open_place(self.path / "flows.vault")
        self.store = self._step("One")

    def save_frame(self, label: str) -> float:
        asset = self.flows.Dataset(self.frame, label, encoding="ordinal")
        start = time.perf_counter()
        self.store.save_asset(asset)
        return time.perf_counter() - start

    def load_frame(self, label: str) -> float:
        start = time.perf_counter()
        frame = self.store.get_dataset(label).get_object()
        taken = time.perf_counter() - start
        assert len(frame) == len(self.frame)
        return taken

    def save_small(self, count: int) -> float:
        """In a step that runs, as flows do."""
        start = time.perf_counter()
        with self.flows.attempt(self.place, "1", "One", user="ana"):
            for number in range(count):
                self.store.save_output(small(number), f"n{number}")
        return time.perf_counter() - start

    def save_apart(self, count: int) -> float:
        """Outside of any attempt, as notebooks do: each is a commit."""
        store = self._step("Notebook")
        start = time.perf_counter()
        for number in range(count):
            store.save_output(small(number), f"n{number}")
        return time.perf_counter() - start

    def list_small(self) -> float:
        start = time.perf_counter()
        self.store.list_outputs("One")
        return time.perf_counter() - start

    def progress(self, count: int) -> list[float]:
        head = self.place.vault.head
        start = time.perf_counter()
        with self.flows.attempt(self.place, "1", "Two", user="ana"):
            for number in range(count):
                self.flows.StoreInterface.update_progress(100 * number / count, f"row {number}")
        return [time.perf_counter() - start, self.place.vault.head - head]

    def _step(self, step: str) -> object:
        return self.flows.StoreInterface("1", "ana", step, store=self.place.vault)
