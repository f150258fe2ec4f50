"""References in builders, `<<table.column[index]>>`: their grammar, and what they resolve to."""
