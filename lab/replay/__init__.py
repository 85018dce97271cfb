"""Replays a recording through the domains that trade: same file, same settings, same bytes out."""
