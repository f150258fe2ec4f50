"""A particle in a double well, pushed by noise from one side to the other, in pyTAMS.

Run with an input file, it prints the probability, and dumps what its database holds.
"""

import sys

import numpy as np
from pytams.fmodel import ForwardModelBaseClass
from pytams.sqldb import SQLFile
from pytams.tams import TAMS


class DoubleWell(ForwardModelBaseClass):
    def _init_model(self, m_id, params=None):
        self._state = np.array([-1.0, 0.0])
        self._random = np.random.default_rng(m_id)

    def _advance(self, step, time, dt, noise, need_end_state):
        x, y = self._state
        drift = np.array([x - x**3, -2 * y])
        self._state = self._state + dt * drift + np.sqrt(0.2 * dt) * noise
        return dt

    def get_current_state(self):
        return self._state

    def set_current_state(self, state):
        self._state = state

    def score(self):
        return float(np.clip((self._state[0] + 1) / 2, 0, 1))

    def make_noise(self):
        return self._random.standard_normal(2)


if __name__ == "__main__":
    tams = TAMS(fmodel_t=DoubleWell, a_args=["-i", sys.argv[1]])
    print("probability", repr(float(tams.compute_probability())))
    SQLFile("run.tdb/trajPool.db", ro_mode=True).dump_file_json("dump.json")
