"""Replays a recording through the domains that trade, in one process: the same file and settings, the same bytes out."""
