"""What a write touched; broadcast once, and each open screen decides whether to reload."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Changes:
    """Kinds of rows ("member", "follow_up", "operation", "status") and the members they are about.

    `op_ids`: the operations just recorded here, in order; empty for what came from elsewhere.
    """

    kinds: frozenset[str] = field(default_factory=frozenset)
    member_ids: frozenset[str] = field(default_factory=frozenset)
    op_ids: tuple[str, ...] = ()

    def concerns(self, member_id: str, *kinds: str) -> bool:
        """Whether a screen about this member, showing these kinds, should look again."""
        about = not self.member_ids or member_id in self.member_ids
        return about and (not kinds or bool(self.kinds.intersection(kinds)))

    @property
    def has_rows(self) -> bool:
        """Whether anything but the state of sync changed (no kinds at all: whatever there is)."""
        return not self.kinds or bool(self.kinds - {"status", "operation"})

    def __or__(self, other: Changes) -> Changes:
        return Changes(self.kinds | other.kinds, self.member_ids | other.member_ids, self.op_ids + other.op_ids)
