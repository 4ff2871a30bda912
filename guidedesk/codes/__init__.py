"""Codes: text format, check digits, signature, rendering. Knows neither Qt nor a database."""
