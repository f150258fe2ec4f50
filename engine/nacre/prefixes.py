"""The first byte of every row in a vault's one LMDB table says whose it is.

The log is the highest, so that entries are appended to full pages.
"""

META = 0x01
BLOBS = 0x02
PACKS = 0x03
VIEWS = 0x04
TREE = 0x05
LOG = 0x06
