"""When to speak to a member again, and why: chosen by a person (`slots`), or told by data (`occasions`, `plan`)."""
