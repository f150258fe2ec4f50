"""StoreInterface on a vault: flows of steps, their outputs, assets, pages and connections."""
