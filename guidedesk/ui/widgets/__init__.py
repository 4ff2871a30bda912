"""Building blocks of every screen: they take plain values and emit past-tense signals."""
