"""What the sync chip says (DESIGN-UI.md 12); shared by the top bar and the sign-in screen."""

from __future__ import annotations

from typing import Final

from guidedesk.domain.outbox import MOST_UNSENT
from guidedesk.sync.status import ChipState, SyncStatus, chip_state
from guidedesk.ui import formats, i18n
from guidedesk.ui.shell.topbar import SyncChip
from guidedesk.ui.theme import ToneName

_LOOKS: Final[dict[ChipState, tuple[ToneName, str]]] = {
    "synced": ("success", "cloud-check"),
    "sending": ("accent", "sync"),
    "waiting": ("accent", "queue"),
    "loading": ("accent", "download"),
    "offline": ("warning", "cloud-off"),
    "needs_person": ("danger", "alert"),
    "sign_in_expired": ("danger", "key"),
    "offline_limit": ("danger", "hourglass"),
    "storage_low": ("danger", "database"),
    "outbox_filling": ("warning", "queue"),
    "outbox_full": ("danger", "queue"),
}


def sync_chip(status: SyncStatus | None) -> SyncChip:
    """Words, tone and icon of a status; nothing to say before the first one."""
    if status is None:
        return SyncChip("", "", "neutral", "cloud")
    state = chip_state(status)
    tone, icon = _LOOKS[state]
    if state == "synced" and status.last_contact_ms is None:
        return SyncChip(i18n.t("sync.chip.connecting"), i18n.t("sync.chip.connecting"), "neutral", "cloud")
    text, short = _words(state, status)
    return SyncChip(text, short, tone, icon)


def _words(state: ChipState, status: SyncStatus) -> tuple[str, str]:
    if state == "synced":
        time = formats.time_text(status.last_contact_ms or status.now_ms)
        return i18n.t("sync.chip.synced", time=time), time
    if state == "sending" and status.sending is not None:
        done, total = status.sending
        return i18n.t("sync.chip.sending", done=done, total=total), f"{done}/{total}"
    if state == "loading":
        return _loading_words(status)
    if state == "waiting":
        return i18n.t("sync.chip.waiting", n=status.waiting), str(status.waiting)
    if state == "offline":
        key = "sync.chip.offline_waiting" if status.waiting else "sync.chip.offline"
        return i18n.t(key, n=status.waiting), i18n.t("sync.chip.offline")
    if state == "needs_person":
        return i18n.t("sync.chip.needs_person", n=status.needs_person), str(status.needs_person)
    if state == "offline_limit":
        hours = max(0, ((status.offline_until_ms or status.now_ms) - status.now_ms) // 3_600_000)
        return i18n.t("sync.chip.offline_limit", n=hours), f"{hours} h"
    if state in ("outbox_filling", "outbox_full"):
        n, limit = formats.count(status.waiting), formats.count(MOST_UNSENT)
        return i18n.t(f"sync.chip.{state}", n=n, limit=limit), n
    text = i18n.t(f"sync.chip.{state}")
    return text, i18n.t(f"sync.chip.{state}_short")


def _loading_words(status: SyncStatus) -> tuple[str, str]:
    if status.loading is None:
        return i18n.t("sync.chip.first_load"), i18n.t("sync.chip.first_load_short")
    done, total = status.loading
    return i18n.t("sync.chip.loading", done=done, total=total), f"{done}/{total}"
