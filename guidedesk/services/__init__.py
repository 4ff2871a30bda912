"""Use cases, one function each; the same `apply_*` runs on a counter and on the server."""
