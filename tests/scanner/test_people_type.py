"""A person typing fast is never taken for a scanner: a thousand words at the rhythms of fast typists.

Not a recording: rhythms drawn as studies of typing describe them (gaps log-normal around the typist's mean, the second
key of a practised pair rolled in 15 to 40 ms after the first). Even words whose every other pair is rolled must pass.
"""

import random

from guidedesk.ui.scan_burst import Burst, Stroke, WedgeSettings

WORDS = 1_000
MEANS_MS = (60, 80, 100, 130, 180, 240)  # 60 ms is 200 words a minute: a champion
SETTINGS = WedgeSettings()


def typed(rng: random.Random, mean_ms: int) -> list[int]:
    """Gaps between the keys of one word, in milliseconds; three keys are rolled now and then, four never."""
    gaps: list[int] = []
    for _ in range(rng.randint(5, 14)):
        was_rolled = [gap <= SETTINGS.fast_gap_ms for gap in gaps[-2:]]
        is_rolled = rng.random() < (0.4 if True not in was_rolled[-1:] else 0.0 if all(was_rolled) else 0.1)
        gaps.append(rng.randint(15, 40) if is_rolled else max(38, int(rng.lognormvariate(0, 0.35) * mean_ms)))
    return gaps


def is_taken_for_a_scanner(burst: Burst, gaps: list[int], start_ms: int) -> bool:
    at_ms = start_ms
    for gap in [0, *gaps]:
        at_ms += gap
        burst.add(Stroke(at_ms, "a", lambda: None))
        if burst.is_running:
            return True
    return False


def test_a_thousand_fast_words_are_no_scan():
    rng = random.Random(4)
    burst, taken = Burst(SETTINGS), 0
    for number in range(WORDS):
        taken += is_taken_for_a_scanner(burst, typed(rng, MEANS_MS[number % len(MEANS_MS)]), number * 10_000)
        burst.reset()
    assert taken == 0
