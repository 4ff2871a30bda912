"""A counter's profile of any size for the benches, made once and kept under the user's cache folder.

Files are the product's own: opened by its engine factory, its tables, its indexes, encrypted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guidedesk.sync.cache import schema_version
from guidedesk.sync.counter import JOURNAL_NAME, Counter
from guidedesk.sync.open_counter import open_counter

RECIPE: Final = 1  # raised when the invented data changes
READY: Final = "ready.json"
CLEAN_JOURNAL: Final = "journal.clean"
# Nobody listens there: a counter in an outage, the state in which everything must still be quick.
NO_SERVER: Final = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Profile:
    """A made profile folder and what is in it."""

    folder: Path
    members: int
    lines: int

    def renew(self) -> None:
        """Put the journal back to what it was when made; opening the counter then takes the rest back."""
        for ending in ("-wal", "-shm"):
            (self.folder / (JOURNAL_NAME + ending)).unlink(missing_ok=True)
        shutil.copyfile(self.folder / CLEAN_JOURNAL, self.folder / JOURNAL_NAME)
        (self.folder / JOURNAL_NAME).chmod(0o600)

    def open(self) -> Counter:
        """The counter, as the app opens it."""
        return open_counter(self.folder, has_demo_key=True)


def cache_root() -> Path:
    """Where things that can be made again are kept for this user."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "guidedesk" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "guidedesk"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "guidedesk"


def make_profile(members: int, lines: int, root: Path | None = None) -> Profile:
    """The profile of this size, made where it is not there yet (or was left half made)."""
    name = f"bench-{members}-{lines}-{schema_version():08x}-{RECIPE}"
    profile = Profile((root or cache_root()) / name, members, lines)
    if not (profile.folder / READY).exists():
        _forget_others(profile)
        started = time.monotonic()
        # An argument list of ours; its output is progress for people.
        command = [sys.executable, "-m", "guidedesk.bench.make", str(profile.folder), str(members), str(lines)]
        subprocess.run(command, check=True, stdout=sys.stderr)
        seconds = time.monotonic() - started
        sys.stderr.write(f"Made {members} members and {lines} lines in {seconds:.0f} s: {profile.folder}\n")
    profile.renew()
    return profile


def _forget_others(profile: Profile) -> None:
    """Profiles of this size made for other tables only take room."""
    for old in profile.folder.parent.glob(f"bench-{profile.members}-{profile.lines}-*"):
        with suppress(OSError):
            shutil.rmtree(old)
