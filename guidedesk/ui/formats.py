"""How dates, times, amounts, counts and phone numbers read in the current language (DESIGN-UI.md 11). No Qt."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from guidedesk.domain.money import exponent, is_currency, split_major
from guidedesk.domain.time import local_datetime
from guidedesk.ui.i18n import language, t

MINUS: Final = "−"
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)
_DAYS_EN: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAYS_LONG: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAYS_ZH: Final = "一二三四五六日"
_SIGNS: Final = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "¥"}
_place = {"zone": "Asia/Shanghai"}


def use_zone(zone: str) -> None:
    """The IANA time zone of the chain; every date and time of the window is in it."""
    _place["zone"] = zone


def local(at_ms: int) -> datetime:
    """A moment (UTC ms) as local time of the store."""
    return local_datetime(at_ms, _place["zone"])


def local_day(at_ms: int) -> date:
    """The local day of a moment (UTC ms)."""
    return local(at_ms).date()


def month_day(month: int, day: int) -> str:
    """A birthday: `3 月 8 日` / `8 Mar`."""
    return f"{month} 月 {day} 日" if _is_zh() else f"{day} {_MONTHS[month - 1][:3]}"


def day_text(day: date, today: date | None = None) -> str:
    """`11 月 21 日` / `21 Nov`; in words near `today`; with the year when it is another one."""
    word = _near(day, today)
    if word:
        return word
    text = month_day(day.month, day.day)
    if today is None or day.year == today.year:
        return text
    return f"{day.year} 年 {text}" if _is_zh() else f"{text} {day.year}"


def full_date(day: date) -> str:
    """With the year always: `2026 年 11 月 21 日` / `21 Nov 2026`."""
    text = month_day(day.month, day.day)
    return f"{day.year} 年 {text}" if _is_zh() else f"{text} {day.year}"


def weekday_date(day: date) -> str:
    """`11 月 21 日 星期六` / `Sat 21 Nov`."""
    text = month_day(day.month, day.day)
    return f"{text} 星期{_DAYS_ZH[day.weekday()]}" if _is_zh() else f"{_DAYS_EN[day.weekday()]} {text}"


def weekday_word(day: date) -> str:
    """`周六` / `Saturday`."""
    return f"周{_DAYS_ZH[day.weekday()]}" if _is_zh() else _DAYS_LONG[day.weekday()]


def month_text(month: int) -> str:
    """`11 月` / `November`."""
    return f"{month} 月" if _is_zh() else _MONTHS[month - 1]


def time_text(at_ms: int) -> str:
    """Local time in 24 h: `10:42`."""
    return local(at_ms).strftime("%H:%M")


def second_text(at_ms: int) -> str:
    """`10:31:07`, where a minute is all a code lives."""
    return f"{local(at_ms):%H:%M:%S}"


def moment_text(at_ms: int, now_ms: int) -> str:
    """`今天 10:42` / `today 10:42`; older moments with their date."""
    return f"{day_text(local_day(at_ms), local_day(now_ms))} {time_text(at_ms)}"


def stamp_text(at_ms: int) -> str:
    """A moment as files say it, the same in both languages: 2026-11-21 10:41."""
    return f"{local_day(at_ms).isoformat()} {time_text(at_ms)}"


def money(minor: int, currency: str = "CNY", *, signed: bool = False) -> str:
    """`¥1,284.60`, `−¥459.00`; `signed` adds a plus to gains. `minor` is in the currency's smallest unit."""
    sign = MINUS if minor < 0 else "+" if signed and minor > 0 else ""
    if not is_currency(currency):
        # A row from elsewhere must not keep a list from being drawn; where its point belongs is not guessed.
        return f"{sign}{abs(minor):,} {t('money.unknown', currency=currency[:8])}"
    _, whole, part = split_major(minor, currency)
    return f"{sign}{_symbol(currency)}{int(whole):,}{'.' if part else ''}{part}"


def money_short(minor: int, currency: str = "CNY") -> str:
    """Whole units for summaries: `¥38,460`, rounded half up."""
    if not is_currency(currency):
        return money(minor, currency)
    unit = 10 ** exponent(currency)
    whole = (abs(minor) + unit // 2) // unit
    return f"{MINUS if minor < 0 else ''}{_symbol(currency)}{whole:,}"


def money_spoken(minor: int, state: str = "", currency: str = "CNY") -> str:
    """For a screen reader: `21 元 7 角，待确认` / `21.70 yuan, Provisional` (DESIGN-UI.md 9)."""
    if not is_currency(currency):
        return money(minor, currency) + (f", {state}" if state else "")
    _, whole, part = split_major(minor, currency)
    if _is_zh() and currency == "CNY":
        jiao, fen = int(part[0]), int(part[1])
        text = f"{int(whole):,} 元" + (f" {jiao} 角" if jiao else "") + (f" {fen} 分" if fen else "")
        return f"{'负 ' if minor < 0 else ''}{text}" + (f"，{state}" if state else "")
    name = "yuan" if currency == "CNY" else currency
    digits = f"{int(whole):,}" + (f".{part}" if part.strip("0") else "")
    return f"{'minus ' if minor < 0 else ''}{digits} {name}" + (f", {state}" if state else "")


def count(number: int) -> str:
    """`12,480`, with a real minus sign."""
    return f"{MINUS if number < 0 else ''}{abs(number):,}"


def points(number: int, *, signed: bool = False) -> str:
    """`12,480 分` / `12,480 points`; `signed` adds a plus to gains."""
    return t("points.n", n=abs(number), shown=("+" if signed and number > 0 else "") + count(number))


def percent(numerator: int, denominator: int) -> str:
    """One decimal at most, rounded half up: `5.6%`; an empty total reads `0%`."""
    if denominator <= 0:
        return "0%"
    tenths = (abs(numerator) * 2000 + denominator) // (2 * denominator)
    whole, part = divmod(tenths, 10)
    return f"{MINUS if numerator < 0 else ''}{whole}" + (f".{part}%" if part else "%")


def phone(text: str) -> str:
    """Grouped for reading: `138 **** 2746`, `138 0000 2746`; other shapes stay as they are."""
    bare = text.replace(" ", "").replace("-", "")
    return f"{bare[:3]} {bare[3:7]} {bare[7:]}" if len(bare) == 11 else text


def card_no(text: str) -> str:
    """Card numbers in groups of four: `8830 2746`."""
    bare = text.replace(" ", "")
    return " ".join(bare[at : at + 4] for at in range(0, len(bare), 4)) if bare.isdigit() else text


def _near(day: date, today: date | None) -> str:
    if today is None:
        return ""
    words = {0: "date.today", -1: "date.yesterday", 1: "date.tomorrow"}
    key = words.get((day - today) // timedelta(days=1))
    return t(key) if key else ""


def _symbol(currency: str) -> str:
    return _SIGNS.get(currency, f"{currency} ")


def _is_zh() -> bool:
    return language() == "zh_CN"
