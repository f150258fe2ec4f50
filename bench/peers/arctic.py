"""ArcticDB on LMDB, through its documented calls."""

import gc
import os
import time

import arcticdb as adb

from bench import data


class Arctic:
    """One store at a time, and the frame that goes into it."""

    def prepare(self, rows: int, seed: int, ids: bool = False) -> str:
        self.frame = data.make_frame(rows, seed, ids=ids)
        return data.fingerprint(self.frame)

    def open(self, path: str, dedup: bool = False) -> None:
        os.sync()
        # More than what is written, as its map does not grow by itself.
        self._store = adb.Arctic(f"lmdb://{path}?map_size=40GB")
        options = adb.LibraryOptions(dedup=dedup)
        self._library = self._store.create_library("frames", library_options=options)

    def write(self) -> float:
        return self._timed_write(self.frame)

    def write_other_column(self, seed: int) -> float:
        return self._timed_write(data.with_other_column(self.frame, seed))

    def write_other_cells(self, cells: int, seed: int) -> float:
        self.frame = data.with_other_cells(self.frame, cells, seed)
        return self._timed_write(self.frame)

    def read_pandas(self) -> float:
        return self._timed_read("pandas")

    def read_arrow(self) -> float:
        return self._timed_read("pyarrow")

    def check(self) -> bool:
        """Tell whether the store gives back what went in."""
        read = self._library.read("frame").data
        return data.fingerprint(read) == data.fingerprint(self.frame)

    def close(self) -> None:
        del self._library, self._store
        gc.collect()

    def _timed_write(self, frame: object) -> float:
        start = time.perf_counter()
        self._library.write("frame", frame)
        return time.perf_counter() - start

    def _timed_read(self, output_format: str) -> float:
        start = time.perf_counter()
        frame = self._library.read("frame", output_format=output_format).data
        taken = time.perf_counter() - start
        assert len(frame) == len(self.frame)
        return taken
