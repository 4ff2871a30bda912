"""Measures of the components that the token file does not name, taken from the mockups (`gd.css`).

Values are device-independent pixels at text scale 100 %; `Appearance.m` gives them scaled. This file and the
token file are the only places with pixel numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

# The least side of anything to press (DESIGN-UI.md 9). A finger does not grow with the text, so it is not scaled.
TARGET: Final = 36
PIN_TARGET: Final = 72


@dataclass(frozen=True, slots=True)
class Metrics:
    """One number per measure; names start with the component they belong to."""

    rail: int = 76
    rail_compact: int = 52
    rail_item_w: int = 64
    rail_item_h: int = 54
    rail_item_compact: int = 40
    rail_logo: int = 36
    rail_logo_radius: int = 10
    rail_icon: int = 22
    rail_badge: int = 16
    rail_pad_top: int = 8
    rail_pad_bottom: int = 6
    rail_gap: int = 2
    top_bar: int = 56
    top_bar_compact: int = 48
    key_bar: int = 28
    key_bar_gap: int = 18
    search_w: int = 460
    search_h: int = 38
    page_pad_x: int = 20
    page_pad_y: int = 16
    page_pad_x_compact: int = 12
    page_pad_y_compact: int = 10
    page_max_w: int = 1760
    page_wide: int = 1600
    page_narrow: int = 960
    page_short: int = 720
    chip_h: int = 24
    chip_pad: int = 8
    chip_radius: int = 6
    chip_gap: int = 5
    tag_min_w: int = 72
    chip_icon: int = 16
    chip_lg_h: int = 32
    chip_lg_pad: int = 10
    chip_lg_radius: int = 8
    kbd_h: int = 20
    kbd_pad: int = 5
    kbd_gap: int = 6
    button_h: int = 36
    button_pad: int = 14
    button_gap: int = 8
    button_radius: int = 8
    button_icon: int = 18
    button_s_h: int = 30
    button_s_pad: int = 10
    button_s_radius: int = 6
    button_s_gap: int = 6
    button_l_h: int = 44
    button_l_pad: int = 18
    button_touch_h: int = 56
    link_pad: int = 6
    card_radius: int = 12
    card_pad: int = 16
    card_head_h: int = 52
    card_foot_h: int = 36
    tab_h: int = 32
    tab_pad: int = 12
    tab_radius: int = 6
    seg_h: int = 34
    seg_pad: int = 12
    choice_pad: int = 11
    choice_h: int = 36
    field_h: int = 36
    field_lg_h: int = 44
    field_pad: int = 10
    field_text_pad: int = 14
    switch_w: int = 36
    switch_h: int = 20
    switch_gap: int = 2
    tick: int = 18
    tick_icon: int = 14
    tick_radius: int = 4
    avatar_s: int = 28
    avatar_m: int = 36
    avatar_ml: int = 52
    avatar_l: int = 64
    avatar_xl: int = 72
    icon_box: int = 36
    icon_box_radius: int = 8
    icon_box_l: int = 48
    icon_box_l_radius: int = 12
    ring: int = 76
    ring_small: int = 48
    ring_pen: int = 7
    ring_pen_small: int = 5
    bar_h: int = 8
    bar_radius: int = 4
    row_timeline: int = 59
    row_agenda: int = 56
    row_agenda_short: int = 44
    row_table: int = 36
    row_result: int = 64
    search_panel_w: int = 1010
    search_panel_h: int = 532
    search_list_w: int = 600
    hit_owner_w: int = 92
    hit_tier_w: int = 76
    row_head: int = 36
    row_pad: int = 16
    row_cell_pad: int = 10
    row_box: int = 32
    row_mark: int = 3
    row_action_w: int = 72
    row_name_w: int = 290
    banner_radius: int = 10
    banner_pad_y: int = 10
    banner_icon: int = 22
    dialog_w: int = 1000
    dialog_h: int = 620
    dialog_small_w: int = 480
    dialog_form_w: int = 680
    dialog_head_h: int = 66
    dialog_foot_h: int = 62
    dialog_pad: int = 20
    dialog_radius: int = 16
    dialog_drop: int = 16
    dialog_blur: int = 48
    drawer_w: int = 400
    help_key_w: int = 96
    code_view: int = 371
    code_view_min: int = 240
    codes_list_w: int = 300
    codes_side_w: int = 304
    code_row: int = 64
    code_eye: int = 26
    code_customer: int = 32
    code_promise: int = 48
    toast_w: int = 420
    toast_radius: int = 10
    toast_pad: int = 14
    pin_cell_w: int = 45
    pin_cell_h: int = 52
    pin_cell_radius: int = 10
    pin_dot: int = 12
    pin_caret: int = 22
    pin_gap: int = 12
    pin_key_w: int = 72
    pin_key_h: int = 72
    pin_key_radius: int = 12
    pin_key_gap: int = 10
    state_text_w: int = 280
    skeleton_h: int = 12
    note_h: int = 92
    dialog_text_w: int = 560
    spark_h: int = 36
    chart_h: int = 52
    chart_gap: int = 3
    chart_label: int = 16
    chart_min_w: int = 120
    dot: int = 8
    swatch: int = 20
    pane_left: int = 288
    pane_right: int = 320
    pane_side: int = 454
    pane_drawer: int = 372
    pane_drawer_wide: int = 420
    pane_min: int = 340
    timeline_min: int = 400
    choice_s_h: int = 24
    choice_s_pad: int = 8
    toggle_label_gap: int = 8
    focus_reach: int = 4
    focus_radius: int = 10
    focus_pen: int = 2
    focus_inset: int = 1
    scroll_w: int = 10
    scroll_radius: int = 3
    scroll_min: int = 32
    letter_space_code: int = 2
    sign_in_bar: int = 64
    sign_in_tall: int = 690
    sign_in_wide: int = 1000
    sign_in_short: int = 470
    tile_h: int = 100
    tile_min_w: int = 236
    scan_figure: int = 132
    home_main_min: int = 500
    agenda_wide: int = 740
    scan_card_h: int = 196
    kpi_value: int = 24
    code_big: int = 48
    code_gap: int = 6

    def scaled(self, scale: float) -> Metrics:
        """The same measures at a text scale (1.0 = 100 %)."""
        return Metrics(**{field.name: max(1, round(getattr(self, field.name) * scale)) for field in fields(self)})
