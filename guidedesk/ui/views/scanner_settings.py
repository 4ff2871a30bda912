"""Settings, scanner and keys (mockup 14): a test code and what it shows, how the scanner types, other ways to read."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.codes.self_test import SELF_TEST
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.scanner_settings import ENOUGH, GAPS_MS, SILENCES_MS, ScannerState, TriedScan
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.theme import ToneName, look
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import Chip, IconBox
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup, Toggle
from guidedesk.ui.widgets.code_view import CodeView
from guidedesk.ui.widgets.columns import ColumnsPane, Pane, ScrollColumn
from guidedesk.ui.widgets.facts import Fact, FactLines
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import column, holder, row

CUES: Final = (
    KeyCue("Ctrl Enter", "scanner.key.measured"), KeyCue("F2", "keys.search"), KeyCue("F5", "keys.sync"),
    KeyCue("F9", "keys.lock"),
)  # fmt: skip
_PORT_TONES: Final[dict[str, ToneName]] = {"ready": "success", "missing": "warning", "denied": "danger"}


class ScannerSettingsPage(Page):
    """`prefix_typed`, `gap_chosen`, `silence_chosen`, `port_chosen`, `camera_switched`, `sound_switched`,
    `measured_taken`, `test_typed(text)`: what a person does."""

    prefix_typed = Signal(str)
    gap_chosen = Signal(str)
    silence_chosen = Signal(str)
    port_chosen = Signal(str)
    camera_switched = Signal(bool)
    sound_switched = Signal(bool)
    measured_taken = Signal()
    test_typed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._state = ScannerState()
        self._title = Label("", "title").say("scanner.title")
        self._code = CodeView(may_be_any=True)
        self._icon = IconBox("scanner", large=True)
        self.sentence = Label("", "heading", wrap=True)
        self._detail = Label("", "label", "text2", wrap=True)
        self._facts = FactLines()
        self.field = Field("scanner.field", hint_key="scanner.field_hint")
        self.use = Button("", "primary", key="Ctrl Enter").say("scanner.use_measured")
        told = row(self._icon, column(self.sentence, self._detail, gap=1), gap=3)
        told.setStretch(1, 1)
        beside = row(self._code, column(self._facts, None, gap=0), gap=4)
        beside.setStretch(1, 1)
        self._test = Card(
            Label("", "heading").say("scanner.test"), Label("", "body", "text2", wrap=True).say("scanner.test_how"),
            told, beside, self.field, row(self.use, None), gap=3,
        )  # fmt: skip
        self.prefix = Field("scanner.prefix", hint_key="scanner.prefix_hint")
        self.prefix.line.setMaxLength(2)
        self.sound = Toggle()
        self.gap, self.silence = ChoiceGroup("scanner.gap"), ChoiceGroup("scanner.silence")
        typing = Card(
            Label("", "heading").say("scanner.typing"), self.prefix,
            Label("", "label", "text2").say("scanner.gap"), self.gap,
            Label("", "caption", "text3", wrap=True).say("scanner.gap_why"),
            Label("", "label", "text2").say("scanner.silence"), self.silence,
            Label("", "caption", "text3", wrap=True).say("scanner.ending"),
            row(Label("", "body").say("scanner.sound"), None, self.sound, gap=2), gap=2,
        )  # fmt: skip
        self.port = ChoiceGroup("scanner.port")
        self._port_chip = Chip()
        self.camera = Toggle()
        self._camera_name = Label("", "body").say("scanner.camera")
        self._camera_note = Label("", "caption", "text3", wrap=True)
        other = Card(
            Label("", "heading").say("scanner.other"),
            row(Label("", "label", "text2").say("scanner.port"), None, self._port_chip, gap=2), self.port,
            Label("", "caption", "text3", wrap=True).say("scanner.port_why"),
            row(self._camera_name, None, self.camera, gap=2), self._camera_note,
            Label("", "caption", "text3", wrap=True).say("scanner.pictures"), gap=2,
        )  # fmt: skip
        left = ScrollColumn(holder(column(self._test, None, gap=0)))
        right = ScrollColumn(holder(column(typing, other, None, gap=3)))
        self._panes = ColumnsPane(Pane(left, "scanner.test"), Pane(right, "scanner.setup", "pane_drawer_wide"),
                                  is_whole=True)
        self.body.put(self._title)
        self.body.put(self._panes)
        self.body.setStretch(1, 1)
        self.prefix.edited.connect(self.prefix_typed)
        self.gap.chosen.connect(self.gap_chosen)
        self.silence.chosen.connect(self.silence_chosen)
        self.port.chosen.connect(self.port_chosen)
        self.camera.clicked.connect(self.camera_switched)
        self.sound.clicked.connect(self.sound_switched)
        self.field.edited.connect(self.test_typed)
        self.use.clicked.connect(self.measured_taken)
        look().restyled.connect(self._size_code)
        self._size_code()
        self.render_state(self._state)

    def _size_code(self) -> None:
        side = look().m.code_view_min
        self._code.setFixedSize(side, side)

    def render_state(self, state: ScannerState) -> None:
        """Show a state."""
        self._state = state
        choices, last = state.choices, state.last
        self._code.show_text(SELF_TEST, t("scanner.code_name"))
        icon, tone, sentence, detail = _told(last)
        self._icon.show_icon(icon, tone)
        self.sentence.set_text(sentence)
        self._detail.set_text(detail)
        self._facts.show_facts(_facts(state))
        self.use.setVisible(state.measured is not None)
        self.prefix.set_text(choices.prefix)
        self.prefix.set_note(t("scanner.prefix_wrong") if state.is_prefix_wrong else "")
        self.gap.show_choices(_milliseconds(GAPS_MS, choices.gap_ms), str(choices.gap_ms))
        self.silence.show_choices(_milliseconds(SILENCES_MS, choices.silence_ms), str(choices.silence_ms))
        ports = ({choices.port: ""} if choices.port else {}) | dict(state.ports)
        self.port.show_choices(
            [Choice("", t("scanner.port_none")), *(Choice(p, untrusted(label or p, 30)) for p, label in ports.items())],
            choices.port,
        )
        self._port_chip.setVisible(bool(choices.port) and state.port_state != "off")
        self._port_chip.show_state(
            t(f"scanner.port_state.{state.port_state}"), _PORT_TONES.get(state.port_state, "neutral")
        )
        self.sound.setChecked(choices.has_sound)
        self.sound.setAccessibleName(t("scanner.sound"))
        self.camera.setChecked(choices.has_camera)
        self.camera.setEnabled(state.may_use_camera)
        self.camera.setAccessibleName(t("scanner.camera"))
        self._camera_note.set_text(t("scanner.camera_why" if state.may_use_camera else "scanner.camera_missing"))
        self.setAccessibleName(sentence)

    def retranslate(self) -> None:
        self.render_state(self._state)

    def set_compact(self, compact: bool) -> None:
        super().set_compact(compact)
        self._title.setVisible(not compact)

    def first_focus(self) -> QWidget | None:
        return self.field.line

    def panes(self) -> list[QWidget]:
        return self._panes.panes()

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        if name != "main_action":
            return False
        self.measured_taken.emit()
        return True


def _milliseconds(offered: tuple[int, ...], current: int) -> list[Choice]:
    return [Choice(str(ms), t("scanner.ms", n=ms)) for ms in sorted({*offered, current})]


def _told(last: TriedScan | None) -> tuple[str, ToneName, str, str]:
    """Icon, tone, sentence and what to do about the last test scan."""
    if last is None:
        return "scanner", "neutral", t("scanner.waiting"), t("scanner.waiting_detail")
    if last.was_typed:
        return "hourglass", "warning", t("scanner.slow", n=last.median_gap_ms or 0), t("scanner.slow_detail")
    found = last.diagnosis
    if found is not None and not found.trouble:
        return "check-circle", "success", t("scanner.good"), t("scanner.good_detail")
    if found is not None:
        layout = t(f"scanner.layout.{found.layout}") if found.layout else t("scanner.layout.unknown")
        sentence = t(f"scanner.trouble.{found.trouble}", layout=layout, n=found.lost)
        return "keyboard", "warning", sentence, t("scanner.keeps" if found.keeps_digits else "scanner.breaks")
    if last.garbled:
        return "keyboard", "warning", t("scan.garbled"), t("scanner.breaks")
    if last.code_type is not None:
        return "qr", "success", t("scanner.code", kind=t(f"scanner.kind.{last.code_type.value}")), t("scanner.not_used")
    if last.reason is not None:
        return "scan", "neutral", t("scanner.no_code"), t(f"scan.reason.{last.reason.value}", brand="")
    return "scan", "neutral", t("scanner.no_code"), ""


def _facts(state: ScannerState) -> tuple[Fact, ...]:
    last = state.last
    if last is None:
        return ()
    facts = [Fact(t("scanner.fact.source"), t(f"scanner.source.{last.source}"))]
    if last.median_gap_ms is not None:
        facts.append(
            Fact(t("scanner.fact.gaps"), t("scanner.gaps", median=last.median_gap_ms, longest=last.longest_gap_ms or 0))
        )
    if last.ended_by:
        facts.append(Fact(t("scanner.fact.ended"), t(f"scanner.ended.{last.ended_by}")))
    if state.measured is not None:
        gap, silence = state.measured
        facts.append(Fact(t("scanner.fact.measured"), t("scanner.measured", gap=gap, silence=silence)))
    elif last.source == "wedge":
        facts.append(Fact(t("scanner.fact.measured"), t("scanner.more", n=max(1, ENOUGH - state.scans))))
    return tuple(facts)
