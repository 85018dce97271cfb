"""Offline judgement of the fair value models (docs/fair-value.md)."""
