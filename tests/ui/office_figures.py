"""Head office's answers about commission for tests of the window: what it was given, and whether it can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from guidedesk.domain.errors import TransportError
from guidedesk.services.earnings import CloseMonth, EarnedSince, Earnings, WhyNotAnswer


@dataclass
class OfficeFigures:
    """`answers`: months by name, the newest under an empty one; `kept`: what the counter kept of an earlier answer."""

    answers: dict[str, Earnings] = field(default_factory=dict)
    kept: dict[str, Earnings] = field(default_factory=dict)
    why: dict[str, WhyNotAnswer | Exception] = field(default_factory=dict)
    close: CloseMonth | None = None
    news: EarnedSince | None = None
    refusal: Exception | None = None
    is_reachable: bool = True
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def last_earnings(self, period: str) -> Earnings | None:
        return self.kept.get(period)

    def earnings(self, period: str) -> Earnings:
        self._ask("earnings", period)
        if period not in self.answers:
            raise TransportError("bad_answer")
        return self.answers[period]

    def since(self, left_ms: int) -> EarnedSince:
        self._ask("since", left_ms)
        if self.news is None:
            raise TransportError("bad_answer")
        return self.news

    def why_not(self, order_no: str) -> WhyNotAnswer:
        self._ask("why_not", order_no)
        answer = self.why[order_no]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def open_dispute(self, dispute_id: str, line_id: str, reason: str, text: str) -> Earnings:
        self._ask("open_dispute", line_id, reason, text)
        return self.answers[""]

    def acknowledge(self, change_ids: Sequence[str]) -> int:
        self.asked.append(("acknowledge", *change_ids))
        for period, answer in self.answers.items():
            left = tuple(change for change in answer.changes if change.id not in change_ids)
            self.answers[period] = replace(answer, changes=left)
        return 0

    def close_month(self, period: str) -> CloseMonth:
        self._ask("close_month", period)
        assert self.close is not None
        return self.close

    def resolve_dispute(
        self, dispute_id: str, decision: str, amount_minor: int | None, target: str | None, text: str, pin: str
    ) -> CloseMonth:
        self._ask("resolve_dispute", dispute_id, decision, amount_minor, target, text, pin)
        assert self.close is not None
        return self.close

    def adjust(self, proposal_id: str, associate: str, amount_minor: int, text: str, pin: str) -> CloseMonth:
        self._ask("adjust", associate, amount_minor, text, pin)
        assert self.close is not None
        return self.close

    def decide_adjustment(self, proposal_id: str, *, is_approved: bool, pin: str) -> CloseMonth:
        self._ask("decide_adjustment", proposal_id, is_approved, pin)
        assert self.close is not None
        return self.close

    def review_flag(self, review_id: str, target: str, decision: str, text: str, pin: str) -> CloseMonth:
        self._ask("review_flag", target, decision, text, pin)
        assert self.close is not None
        return self.close

    def confirm_month(self, period: str, pin: str) -> CloseMonth:
        self._ask("confirm_month", period, pin)
        assert self.close is not None
        return self.close

    def close_the_month(self, period: str, pin: str, forced_reason: str | None) -> CloseMonth:
        self._ask("close_the_month", period, pin, forced_reason)
        assert self.close is not None
        return self.close

    def _ask(self, *what: Any) -> None:
        self.asked.append(what)
        if not self.is_reachable:
            raise TransportError("unreachable")
        if self.refusal is not None:
            raise self.refusal
