import ast
import re
from pathlib import Path

import pytest

ROOT_DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
SERVICE_DOCUMENTS = sorted(Path("services").glob("*/README.md"))
DOCUMENTS = [
    *(Path(name) for name in ROOT_DOCUMENTS),
    *sorted(Path("docs").rglob("*.md")),
    *sorted(Path("venue_sim").rglob("*.md")),
    *SERVICE_DOCUMENTS,
]
TOP_LEVEL = ("cli", "deploy", "docs", "lab", "services", "shared", "tests", "venue_sim")
PARTS_OF_A_SERVICE = ("adapters", "api", "domain", "handlers", "subscribers")
MONOLITH = Path("docs/from-the-monolith.md")


def quoted(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


def paths_named(text: str) -> set[str]:
    return {name for name in quoted(text) if re.fullmatch(rf"({'|'.join(TOP_LEVEL)})/[\w./-]*", name)}


def named_tests(text: str) -> set[str]:
    return {name for name in quoted(text) if re.fullmatch(r"tests/[\w./-]+\.py::\w+", name)}


def links(text: str) -> set[str]:
    return {target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target} - {""}


def functions_of(path: Path) -> set[str]:
    if not path.exists():
        return set()
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}


def is_test(name: str) -> bool:
    path, _, function = name.partition("::")
    return function in functions_of(Path(path))


def rows_of(text: str) -> list[list[str]]:
    """The cells of every row of the tables, without their heads."""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    told = [row for row in rows if not row.startswith(("| Original", "| ---"))]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in told]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    missing = {name for name in paths_named(document.read_text()) if not Path(name).exists()}
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    missing = {target for target in links(document.read_text()) if not (document.parent / target).exists()}
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_test_that_a_document_names_is_there(document: Path) -> None:
    assert not {name for name in named_tests(document.read_text()) if not is_test(name)}


@pytest.mark.parametrize("document", SERVICE_DOCUMENTS, ids=str)
def test_every_part_that_a_service_names_is_there(document: Path) -> None:
    parts = {name for name in quoted(document.read_text()) if name.split("/")[0] in PARTS_OF_A_SERVICE and "/" in name}
    assert not {part for part in parts if not (document.parent / part).exists()}


def test_the_table_from_the_monolith_names_a_place_or_says_what_is_not_there() -> None:
    states = re.compile(r"here|part|strategy|reliability|gone")
    told = rows_of(MONOLITH.read_text())
    assert len(told) > 100
    for cells in told:
        assert states.match(cells[-1]), cells
        assert cells[1] or cells[-1].startswith("strategy"), cells


def test_what_came_over_from_the_monolith_is_proved_by_a_test() -> None:
    unproved = [cells for cells in rows_of(MONOLITH.read_text()) if cells[-1].startswith("here") and len(cells) == 4]
    assert not [cells[0] for cells in unproved if not named_tests(cells[2])]


@pytest.mark.parametrize("decision", sorted(Path("docs/adr").glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_says_when_to_look_at_it_again(decision: Path) -> None:
    text = decision.read_text()
    assert "**Revisit when**" in text
    assert "**Decision.**" in text
