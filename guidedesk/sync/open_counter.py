"""Opening the counter of a profile folder with the key that belongs to it (SECURITY.md D-2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from guidedesk.domain.errors import StorageError
from guidedesk.domain.ports import Clock, Random
from guidedesk.services.demo_key import DemoKeyFile
from guidedesk.services.keys import DerivedKeys, Keyring, create_secret, derive, load_secret
from guidedesk.services.os_keyring import OsKeyring
from guidedesk.services.recovery import unwrap, wrap
from guidedesk.sync.counter import JOURNAL_NAME, Counter
from guidedesk.sync.http_transport import HttpTransport
from guidedesk.sync.identity import Identity
from guidedesk.sync.profile import check_header
from guidedesk.sync.system import SystemClock, SystemRandom
from guidedesk.sync.transport import Transport


def open_counter(
    folder: Path,
    *,
    has_demo_key: bool = False,
    clock: Clock | None = None,
    random: Random | None = None,
    on_line: Callable[[HttpTransport], None] = lambda _line: None,
) -> Counter:
    """The counter kept in `folder`, made where there is none yet.

    The key comes from the system's vault; only with `has_demo_key` (invented people) from a file beside the data.
    A folder whose journal is there but whose key is gone is refused (`secret_missing`): a new key would bury it.
    `on_line` is told of every line to the server that is made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError("storage_unavailable", file="profile") from error
    keyring = _keyring(folder, has_demo_key=has_demo_key)
    the_clock, the_random = clock or SystemClock(), random or SystemRandom()
    keys = _keys(keyring, folder, the_random)
    opened: list[Counter] = []

    def session_id() -> str | None:
        return opened[0].session_id if opened else None

    def transport(identity: Identity, its_keys: DerivedKeys, now_ms: Callable[[], int]) -> Transport:
        line = HttpTransport(
            identity.server_url,
            random=the_random,
            now_ms=now_ms,
            device_id=identity.device_id,
            signing_seed=its_keys.signing_seed,
            session_id=session_id,
        )
        on_line(line)
        return line

    opened.append(Counter.open(folder, keys, the_clock, the_random, transport))
    return opened[0]


def _keys(keyring: Keyring, folder: Path, random: Random) -> DerivedKeys:
    name = profile_name(folder)
    if (folder / JOURNAL_NAME).exists() or keyring.get(name) is not None:
        return derive(load_secret(keyring, name))
    return derive(create_secret(keyring, name, random))


def forget_secret(folder: Path, *, has_demo_key: bool = False) -> None:
    """Take a profile's secret out of the vault for good: nothing opens its files any more (SECURITY.md D-12)."""
    _keyring(folder, has_demo_key=has_demo_key).delete(profile_name(folder))


def save_recovery(folder: Path, passphrase: str, *, has_demo_key: bool = False) -> str:
    """The secret of a profile wrapped under a manager's passphrase: one line to print or keep elsewhere (D-2)."""
    secret = load_secret(_keyring(folder, has_demo_key=has_demo_key), profile_name(folder))
    return wrap(secret, passphrase, SystemRandom())


def restore_recovery(folder: Path, text: str, passphrase: str, *, has_demo_key: bool = False) -> None:
    """Put a lost secret back into the vault. One of another profile is refused (`storage_wrong_key`)."""
    secret = unwrap(text, passphrase)
    if check_header(folder, derive(secret).journal_key) == "differs":
        raise StorageError("storage_wrong_key", file="journal")
    keyring = _keyring(folder, has_demo_key=has_demo_key)
    if keyring.get(profile_name(folder)) != secret.value:
        keyring.set(profile_name(folder), secret.value)


def _keyring(folder: Path, *, has_demo_key: bool) -> Keyring:
    return DemoKeyFile(folder) if has_demo_key else OsKeyring()


def profile_name(folder: Path) -> str:
    """The name of a profile in the system's vault: one folder, one secret."""
    return "profile-" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
