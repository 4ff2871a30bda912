"""More steps of a tour: a second counter, and on real data the totals computed by other code."""

from __future__ import annotations

from guidedesk.demo import hands
from guidedesk.demo.eyes import texts, wait_for
from guidedesk.demo.real_totals import first_households, real_totals
from guidedesk.demo.steps import SERVER, TREE
from guidedesk.demo.tour import Seen, Tour
from guidedesk.demo.world import REAL_HOUSEHOLDS, enrol_counter
from guidedesk.domain.ids import from_bytes
from guidedesk.server.connectors.generated_people import member_id
from guidedesk.services.queries.history import get_history_head, month_totals
from guidedesk.services.queries.members import get_member_card
from guidedesk.ui import i18n
from guidedesk.ui.counter_window import NEW_MEMBER


def search(tour: Tour) -> Seen:
    """A few letters find a person."""
    name, pinyin = tour.eyes.rows("select name, initials from member where id=:m", m=tour.facts["member"])[0]
    hands.press(tour.window, "F2")
    hands.type_text(tour.window, pinyin)
    shown = tour.shows(name)
    seen = f"'{name}' among the results for '{pinyin}': {shown}"
    return Seen(f"F2, typed {pinyin}", f"{name} is found", seen, TREE, shown)


def new_member(tour: Tour) -> Seen:
    """Somebody joins at the counter."""
    name = "方若溪" if tour.lang == "zh_CN" else "Fang Ruoxi"
    hands.press(tour.window, "Esc")  # leave the search
    hands.press(tour.window, "Ctrl+1")
    hands.press(tour.window, "Ctrl+N")
    wait_for(lambda: tour.window.current == NEW_MEMBER)  # on a busy PC the page comes after the first digit
    hands.type_text(tour.window, "19912345678")
    hands.press(tour.window, "Tab")
    hands.type_text(tour.window, name)
    hands.press(tour.window, "Tab")
    hands.press(tour.window, "Tab")
    hands.press(tour.window, "Space")
    hands.press(tour.window, "Ctrl+Return")
    arrived = tour.arrived("select count(*) from member where name=:n and phone_masked like '199%'", n=name)
    owner = tour.eyes.one(
        "select s.number from binding b join staff s on s.id=b.owner_id join member m on m.id=b.id"
        " where m.name=:n and m.phone_masked like '199%'", n=name,
    )  # fmt: skip
    leaked = tour.eyes.one("select count(*) from op_log where body like '%19912345678%' or body like :n", n=f"%{name}%")
    shown = tour.shows(name)
    tour.facts["new_name"] = name
    seen = f"members {arrived}, owner {owner}, plain name or number in the operation log: {leaked}; card shown: {shown}"
    ok = arrived == 1 and owner == tour.facts["number"] and leaked == 0 and shown
    return Seen("Ctrl N, typed phone and name, ticked the terms, Ctrl Enter",
                f"one member, owned by {tour.facts['number']}, no personal field in the log", seen,
                f"{SERVER}; {TREE}", ok)  # fmt: skip


def second_counter(tour: Tour) -> Seen:
    """What happened here is on the other counter of the store, and both hold what the server holds."""
    other = enrol_counter(tour.world, "second", "Counter 2")
    try:
        with other.read() as conn:
            card = get_member_card(conn, from_bytes(tour.facts["member"]), "", other.now_ms())
        began_ms = tour.facts["began_ms"]
        talks = [entry for entry in card.timeline if entry.kind == "interaction" and entry.at_ms > began_ms]
        equal = [check.is_equal for check in other.engine.check()]
    finally:
        other.close()
    here = wait_for(lambda: all(check.is_equal for check in tour.app.counter.engine.check()))
    seen = f"{len(talks)} of today's interactions; tags {', '.join(card.tags)}; digests equal: {equal}, here: {here}"
    return Seen("enrolled a second counter of the store and synced it",
                "both of today's interactions, the tag, equal digests on both counters", seen,
                "second counter's cache; server's digest", len(talks) == 2 and all(equal) and bool(here))  # fmt: skip


def lock(tour: Tour) -> Seen:
    """Leave the counter."""
    hands.press(tour.window, "F9")
    shown = tour.shows(i18n.t("signin.left")) if i18n.has("signin.left") else True
    name = tour.facts["name"]
    hidden = bool(wait_for(lambda: name not in texts(tour.window)))
    ended = tour.arrived("select count(*) from staff_session where ended_at_ms is not null")
    seen = f"member's name still in the window: {not hidden}; ended sessions at the server: {ended}"
    return Seen("F9", "sign-in screen without personal data, session ended", seen, f"{TREE}; {SERVER}",
                shown and hidden and bool(ended))  # fmt: skip


def totals(tour: Tour) -> Seen:
    """Real data: every household's months on this counter against sums over the raw files by other code."""
    households = first_households(REAL_HOUSEHOLDS)
    raw = real_totals(households)
    expected = {key: (raw.baskets[key], cents) for key, cents in raw.cents.items()}
    shown: dict[tuple[int, str], tuple[int, int]] = {}
    lifetimes = 0
    zone = tour.app.counter.settings().zone
    with tour.app.counter.read() as conn:
        for household in households:
            months = month_totals(conn, member_id(household), zone)
            shown |= {(household, month): pair for month, pair in months.items()}
            paid = get_history_head(conn, member_id(household)).lifetime.main.paid_minor
            lifetimes += paid == sum(cents for (one, _), (_, cents) in expected.items() if one == household)
    same = sum(1 for key, pair in expected.items() if shown.get(key) == pair)
    seen = f"{same} of {len(expected)} months equal; {lifetimes} of {len(households)} histories equal"
    ok = same == len(expected) == len(shown) and lifetimes == len(households)
    return Seen(f"compared every month of {len(households)} households", "all equal to sums over the raw files", seen,
                "this counter's cache; the parquet files by pyarrow", ok)  # fmt: skip
