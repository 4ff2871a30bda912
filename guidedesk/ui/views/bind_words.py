"""What became of a bind, in words."""

from __future__ import annotations

from guidedesk.ui import i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.bind import BindResult
from guidedesk.ui.theme import ToneName
from guidedesk.ui.widgets.labels import person_name


def result_words(result: BindResult) -> tuple[ToneName, str, str, str]:
    """Tone, icon, title and sentence of what became of a bind."""
    lang = i18n.language()
    name = person_name(result.associate.name.pick(lang))
    owner = person_name(result.owner.name.pick(lang)) if result.owner is not None else t("bind.somebody")
    if result.outcome == "pending":
        return "info", "queue", t("bind.result.pending", name=name), t("bind.result.pending_text")
    if result.outcome == "bound":
        title = t("bind.result.again" if result.is_again else "bind.result.bound", name=name)
        return "success", "check-circle", title, t("bind.result.bound_text")
    if result.outcome == "merged":
        title = t("bind.result.stays", owner=owner)
        if result.reason == "associate_inactive":
            title = t("bind.result.unchanged")
        key = f"bind.why.{result.reason}"
        why = t(key, owner=owner, name=name) if i18n.has(key) else t("bind.why.other")
        return "violet", "user-check", title, why
    if result.outcome == "rejected":
        key = f"bind.why.{result.reason}"
        why = t(key, owner=owner, name=name) if i18n.has(key) else t("bind.why.other")
        return "danger", "x-circle", t("bind.result.rejected"), why
    return "warning", "hourglass", t("bind.result.held"), t("bind.result.held_text")
