"""How builders run: in order, row by row or at once, so that a killed run goes on where it was."""
