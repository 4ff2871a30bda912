"""The secret stays where only the right person gets it, and never turns up anywhere else (D-2)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from guidedesk.services.demo_key import DemoKeyFile
from guidedesk.services.keys import (
    MasterSecret,
    MemoryKeyring,
    SecretError,
    create_secret,
    derive,
    load_secret,
)
from guidedesk.services.os_keyring import OsKeyring, check_backend
from guidedesk.services.recovery import RecoveryCost, unwrap, wrap

CHEAP = RecoveryCost(memory_kib=64, iterations=1)
SECRET = MasterSecret(bytes(range(32)))
JOURNAL_KEY = "a9772408ff438667063f2b4a2e412caa345b7e30a34b316d42086ae9496b72fd"
posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")


class Counting:
    """A random source that never repeats and is always the same."""

    def __init__(self) -> None:
        self.given = 0

    def bytes(self, count: int) -> bytes:
        self.given += 1
        return bytes([self.given]) * count


class FakeVault:
    """Takes the place of a real vault class; `__module__` is what the check looks at."""

    __module__ = "keyring.backends.SecretService"

    def __init__(self, lossy: bool = False) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.lossy = lossy

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password[:32] if self.lossy else password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class LockedVault(FakeVault):
    """A vault whose owner pressed Cancel."""

    __module__ = "keyring.backends.libsecret"

    def get_password(self, service: str, username: str) -> str | None:
        from keyring.errors import KeyringLocked

        raise KeyringLocked("no")


def backend_of(module: str, **members: object) -> object:
    return type("Keyring", (), {"__module__": module, **members})()


def code_of(call: object, *args: object) -> str:
    with pytest.raises(SecretError) as caught:
        call(*args)  # type: ignore[operator]
    return caught.value.code


def test_keys_differ_by_purpose_and_by_secret_and_stay_the_same() -> None:
    keys, others = derive(SECRET), derive(MasterSecret(bytes(32)))
    values = [keys.journal_key, keys.cache_key, keys.signing_seed, keys.pin_pepper]
    values += [others.journal_key, others.cache_key, others.signing_seed, others.pin_pepper]
    assert len(set(values)) == 8
    assert all(len(value) == 32 for value in values)
    assert derive(SECRET) == keys
    # Changing a label would lock every counter out of its own files.
    assert keys.journal_key.hex() == JOURNAL_KEY


def test_nothing_secret_shows_in_a_representation() -> None:
    shown = repr(SECRET) + repr(derive(SECRET)) + str(SECRET)
    assert shown == "MasterSecret()DerivedKeys()MasterSecret()"


def test_a_missing_secret_is_never_replaced_by_a_new_one() -> None:
    keyring = MemoryKeyring()
    assert code_of(load_secret, keyring, "shop") == "secret_missing"
    made = create_secret(keyring, "shop", Counting())
    assert load_secret(keyring, "shop") == made
    assert code_of(create_secret, keyring, "shop", Counting()) == "secret_exists"
    keyring.delete("shop")
    keyring.delete("shop")
    assert code_of(load_secret, keyring, "shop") == "secret_missing"


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("keyrings.alt.file", "keyring_insecure"),
        ("keyrings.alt.file_base", "keyring_insecure"),
        ("keyrings.alt.Windows", "keyring_insecure"),
        ("keyrings.cryptfile.cryptfile", "keyring_insecure"),
        ("somebody.elses.backend", "keyring_insecure"),
        ("keyring.backends.SecretService.evil", "keyring_insecure"),
        ("keyring.backends.fail", "keyring_missing"),
        ("keyring.backends.null", "keyring_missing"),
    ],
)
def test_only_the_operating_systems_vaults_are_used(module: str, code: str) -> None:
    assert code_of(check_backend, backend_of(module)) == code
    vault = FakeVault()
    chain = backend_of("keyring.backends.chainer", backends=[vault, backend_of(module)])
    assert code_of(OsKeyring(lambda: chain).set, "shop", SECRET.value) == code  # type: ignore[arg-type, return-value]
    assert vault.kept == {}


def test_a_chain_of_vaults_is_a_vault_and_an_empty_chain_is_none() -> None:
    check_backend(backend_of("keyring.backends.chainer", backends=[FakeVault(), LockedVault()]))
    assert code_of(check_backend, backend_of("keyring.backends.chainer", backends=[])) == "keyring_missing"


def test_the_librarys_own_fail_null_and_chain_classes_are_known() -> None:
    from keyring.backends import fail, null

    assert code_of(check_backend, fail.Keyring()) == "keyring_missing"
    assert code_of(check_backend, null.Keyring()) == "keyring_missing"


def test_a_plain_file_backend_chosen_by_the_environment_is_refused() -> None:
    script = (
        "from guidedesk.services.os_keyring import OsKeyring\n"
        "from guidedesk.services.keys import SecretError\n"
        "try:\n    OsKeyring().get('shop')\n"
        "except SecretError as error:\n    print(error.code)\n"
    )
    env = os.environ | {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "keyring_missing\n"


def test_the_vault_gives_back_what_it_was_given() -> None:
    vault = FakeVault()
    keyring = OsKeyring(lambda: vault)
    keyring.set("shop", SECRET.value)
    assert keyring.get("shop") == SECRET.value
    assert vault.kept == {("GuideDesk", "shop"): SECRET.value.hex()}
    keyring.delete("shop")
    keyring.delete("shop")
    assert keyring.get("shop") is None


def test_a_vault_that_loses_a_part_is_found_at_once() -> None:
    keyring = OsKeyring(lambda: FakeVault(lossy=True))
    assert code_of(keyring.set, "shop", SECRET.value) == "keyring_write_failed"


def test_a_locked_vault_and_a_damaged_entry_are_named() -> None:
    assert code_of(OsKeyring(LockedVault).get, "shop") == "keyring_locked"
    vault = FakeVault()
    for text in ("xyz", "00" * 31, ""):
        vault.kept["GuideDesk", "shop"] = text
        assert code_of(OsKeyring(lambda: vault).get, "shop") == "secret_malformed"


def test_the_demo_key_file_is_private_and_not_overwritten(tmp_path: Path) -> None:
    keyring = DemoKeyFile(tmp_path / "demo")
    made = create_secret(keyring, "demo", Counting())
    assert load_secret(DemoKeyFile(tmp_path / "demo"), "demo") == made
    if os.name == "posix":
        assert (tmp_path / "demo" / "demo.demo-key").stat().st_mode & 0o777 == 0o600
    assert code_of(keyring.set, "demo", SECRET.value) == "demo_key_unusable"
    assert load_secret(keyring, "demo") == made
    assert code_of(keyring.get, "../demo") == "demo_key_unusable"
    keyring.delete("demo")
    assert keyring.get("demo") is None


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_demo_key_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    keyring = DemoKeyFile(tmp_path)
    keyring.set("demo", SECRET.value)
    (tmp_path / "demo.demo-key").chmod(mode)
    assert code_of(keyring.get, "demo") == "demo_key_exposed"


@posix_only
def test_a_link_in_place_of_the_demo_key_is_neither_read_nor_written(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text(SECRET.value.hex())
    target.chmod(0o600)
    (tmp_path / "demo.demo-key").symlink_to(target)
    keyring = DemoKeyFile(tmp_path)
    assert code_of(keyring.get, "demo") == "demo_key_exposed"
    assert code_of(keyring.set, "demo", bytes(32)) == "demo_key_unusable"
    assert target.read_text() == SECRET.value.hex()


def test_a_damaged_demo_key_is_named(tmp_path: Path) -> None:
    keyring = DemoKeyFile(tmp_path)
    keyring.set("demo", SECRET.value)
    (tmp_path / "demo.demo-key").write_bytes(b"\xff\xfe")
    assert code_of(keyring.get, "demo") == "secret_malformed"
    (tmp_path / "demo.demo-key").write_bytes(b"00")
    assert code_of(load_secret, keyring, "demo") == "secret_malformed"


def test_the_recovery_passphrase_brings_the_secret_back() -> None:
    text = wrap(SECRET, "correct horse battery", Counting(), CHEAP)
    assert unwrap(f" {text}\n", "correct horse battery") == SECRET
    assert SECRET.value.hex() not in text
    full_width = "ｃｏｒｒｅｃｔ horse battery"
    assert unwrap(text, full_width) == SECRET
    assert code_of(unwrap, text, "correct horse batterz") == "recovery_refused"
    assert code_of(wrap, SECRET, " short one  ", Counting(), CHEAP) == "recovery_passphrase_short"


def test_a_changed_recovery_text_never_gives_a_secret() -> None:
    text = wrap(SECRET, "correct horse battery", Counting(), CHEAP)
    for at, letter in enumerate(text):
        for other in "1A.":
            if other != letter:
                changed = text[:at] + other + text[at + 1 :]
                assert code_of(unwrap, changed, "correct horse battery").startswith("recovery_")


@pytest.mark.parametrize(
    "cost", ["99999999.1.1", "64.999.1", "64.1.99", "1.1.1", "64.0.1", "６４.1.1", "-64.1.1"]
)
def test_a_forged_cost_is_refused_before_it_costs_anything(cost: str) -> None:
    text = wrap(SECRET, "correct horse battery", Counting(), CHEAP)
    forged = text.replace("gdr1.64.1.1", f"gdr1.{cost}")
    assert code_of(unwrap, forged, "correct horse battery") == "recovery_malformed"
