"""The protocol between a counter and the central server. No Qt here."""
