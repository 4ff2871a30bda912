"""Records interactions until killed, telling each one after it was saved (run by test_kill.py)."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.helpers.counter_parts import Shop, log, register

if __name__ == "__main__":
    counter = Shop(Path(sys.argv[1]), seed=int(sys.argv[2])).open_enrolled()
    pending = counter.journal.pending()
    member = pending[0].envelope.lane if pending else register(counter)
    while True:
        sys.stdout.write(log(counter, member, "x" * 200) + "\n")
        sys.stdout.flush()
