"""The demo: a real server process, data, an enrolled counter window; and the tour that tells the truth about it."""
