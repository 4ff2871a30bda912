"""The whole of sync under one seed: a server, counters, and everything that goes wrong between them (SYNC.md 8.1).

The engine, journal, cache, push, pull, snapshots and the server's routes are the product's own. What they ask of the
world is made here: clock, randomness, wire, and databases in memory that can lose power at any commit.
"""
