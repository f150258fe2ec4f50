"""Measures nacre against the stores that its users would otherwise take, in the same run."""
