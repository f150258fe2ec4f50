"""An embedded storage engine: one immutable, provable log under frames, blobs and views."""
