"""Attribution and commission as a pure function of events (COMMISSION.md). No I/O, clock, randomness or floats."""
