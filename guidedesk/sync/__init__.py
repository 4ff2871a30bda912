"""The protocol between counters and the server, and the counter's side of it; no Qt here."""
