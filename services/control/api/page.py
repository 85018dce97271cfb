"""The operator page: one file, nothing fetched from elsewhere, its own script and style alone allowed to run."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

PAGE_FILE = Path(__file__).parent / "page.html"


@dataclass(frozen=True, slots=True)
class Page:
    html: str
    policy: str


def load_page() -> Page:
    html = PAGE_FILE.read_text(encoding="utf-8")
    script, style = (_hash(_inside(html, tag)) for tag in ("script", "style"))
    policy = (
        f"default-src 'none'; connect-src 'self'; script-src '{script}'; style-src '{style}'; img-src data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Page(html, policy)


def _inside(html: str, tag: str) -> str:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    if found is None:
        raise ValueError(f"{PAGE_FILE.name} has no {tag}")
    return found[1]


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
