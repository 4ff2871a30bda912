"""The pages for customers' phones: joining from a code, and a member's own page (CODES.md Q-2, Q-6, Q-9)."""
