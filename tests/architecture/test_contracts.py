"""The walls hold, the pure stages are pure, and the documents say what the code does."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import tables
from pipelines.documentation import tables_as_markdown
from tests.services.process import PATIENCE_S

ROOT = Path(__file__).parents[2]
PURE = sorted((ROOT / "pipelines").rglob("*.py"))
FORBIDDEN_CALLS = {"open", "input", "print", "eval", "exec", "__import__", "breakpoint"}
FORBIDDEN_NAMES = {
    "now", "utcnow", "today", "monotonic", "perf_counter", "sleep", "environ", "getenv", "getcwd", "home", "cwd",
    "read_text", "read_bytes", "write_text", "write_bytes", "read_csv", "to_csv", "read_parquet", "to_parquet",
}  # fmt: skip
FORBIDDEN_MODULES = {
    "os",
    "io",
    "sys",
    "time",
    "random",
    "secrets",
    "uuid",
    "shutil",
    "tempfile",
    "threading",
    "asyncio",
}

ALLOWED = {"pipelines/vocabulary.py": ["line 8: threading"], "pipelines/codec.py": ["line 8: io"]}
"""A lock: whichever thread asks first, what a table says is the same. And bytes that grow in memory, without a copy."""


def impurities(source: str) -> Iterator[str]:
    """What in a module looks at the clock, the disk, the environment or chance; what stands under `__main__` may."""
    tree = ast.parse(source)
    is_run = any(isinstance(node, ast.If) and "__name__" in ast.unparse(node.test) for node in tree.body)
    tree.body = [node for node in tree.body if not (isinstance(node, ast.If) and "__name__" in ast.unparse(node.test))]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
            yield f"line {node.lineno}: {node.func.id}()"
        elif isinstance(node, ast.Attribute) and node.attr in FORBIDDEN_NAMES:
            yield f"line {node.lineno}: .{node.attr}"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (f"line {node.lineno}: {name}" for name in _modules(node) if not (is_run and name == "sys"))


def _modules(node: ast.Import | ast.ImportFrom) -> set[str]:
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return {name.partition(".")[0] for name in names} & FORBIDDEN_MODULES


@pytest.mark.parametrize("path", PURE, ids=[str(path.relative_to(ROOT)) for path in PURE])
def test_the_stages_know_no_clock_no_disk_no_environment_no_chance(path: Path) -> None:
    """Every module of `pipelines` computes from its arguments alone."""
    assert list(impurities(path.read_text())) == ALLOWED.get(str(path.relative_to(ROOT)), [])


def test_the_scan_sees_what_it_looks_for() -> None:
    """Each forbidden thing is found where it stands."""
    source = "import os, time\nfrom random import choice\npd.Timestamp.now()\nopen('x')\nos.environ['x']\n"
    assert len(list(impurities(source))) == 6


def test_the_import_rules_hold() -> None:
    """Every import-linter contract of pyproject.toml is kept, and there are some."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    counted = re.search(r"Contracts: (\d+) kept, (\d+) broken", done.stdout)
    assert counted is not None, done.stdout + done.stderr
    assert int(counted[1]) >= 5
    assert int(counted[2]) == 0, done.stdout
    assert done.returncode == 0


def test_the_tables_page_is_current() -> None:
    """docs/tables.md is what `python -m pipelines.documentation` writes."""
    page = (ROOT / "docs/tables.md").read_text()
    assert page == tables_as_markdown(), "run: python -m pipelines.documentation > docs/tables.md"


def test_the_tables_page_names_every_column() -> None:
    """No table and no column is left out, and no meaning breaks its row."""
    page = tables_as_markdown()
    assert all(f"## {table.name}\n" in page for table in tables.ALL)
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) == sum(len(table.columns) for table in tables.ALL)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}
