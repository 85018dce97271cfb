import re
from pathlib import Path

import pytest

ROOT_DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
DOCUMENTS = [Path(name) for name in ROOT_DOCUMENTS] + sorted(Path("docs").rglob("*.md"))
TOP_LEVEL = ("cli", "deploy", "docs", "lab", "services", "shared", "tests", "venue_sim")


def paths_named(text: str) -> set[str]:
    quoted = re.findall(r"`([^`\n]+)`", text)
    return {name for name in quoted if re.fullmatch(rf"({'|'.join(TOP_LEVEL)})/[\w./-]*", name)}


def links(text: str) -> set[str]:
    return {target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target} - {""}


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    missing = {name for name in paths_named(document.read_text()) if not Path(name).exists()}
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    missing = {target for target in links(document.read_text()) if not (document.parent / target).exists()}
    assert not missing


def test_the_table_from_the_monolith_names_a_place_or_says_what_is_not_there() -> None:
    states = re.compile(r"here|part|strategy|reliability|gone")
    rows = [line for line in Path("docs/from-the-monolith.md").read_text().splitlines() if line.startswith("| ")]
    told = [row for row in rows if not row.startswith("| Original") and "---" not in row]
    assert len(told) > 100
    for row in told:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert states.match(cells[-1]), row
        assert cells[1] or cells[-1].startswith("strategy"), row


@pytest.mark.parametrize("decision", sorted(Path("docs/adr").glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_says_when_to_look_at_it_again(decision: Path) -> None:
    text = decision.read_text()
    assert "**Revisit when**" in text
    assert "**Decision.**" in text
