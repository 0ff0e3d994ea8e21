"""Imports point one way, `web → channels → inbox ← migrations`, and each library has one home."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAY_IMPORT = {
    "inbox": {"inbox"},
    "channels": {"channels", "inbox"},
    "web": {"web", "channels", "inbox", "migrations"},
    "migrations": {"migrations", "inbox"},
}

# Who may import what; migrations speak to the database, because that is all they do.
HOMES = {
    "aiosqlite": {"inbox", "migrations"},
    "alembic": {"migrations"},
    "asyncpg": {"inbox", "migrations"},
    "sqlalchemy": {"inbox", "migrations"},
    "aiosmtpd": {"channels"},
    "aiosmtplib": {"channels"},
    "email": {"channels"},
    "imapclient": {"channels"},
    "imaplib": {"channels"},
    "mailbox": {"channels"},
    "smtplib": {"channels"},
    "jinja2": {"web"},
    "spectree": {"web"},
    "starlette": {"web"},
    "typer": {"web"},
    "uvicorn": {"web"},
}


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


@functools.cache
def imported_modules(path: Path) -> tuple[str, ...]:
    """The full names of what a file imports, wherever in the file; relative imports are resolved."""
    return tuple(_imported_modules(path))


def _imported_modules(path: Path) -> Iterator[str]:
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def adapters() -> set[str]:
    return {
        path.name for path in (ROOT / "channels").iterdir() if path.is_dir() and path.name != "__pycache__"
    }


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_inward(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in python_files(package)
        for module in imported_modules(path)
        if module.partition(".")[0] in MAY_IMPORT.keys() - MAY_IMPORT[package]
    ]

    assert wrong == []


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_imported_by_its_home_alone(library: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for package in MAY_IMPORT.keys() - HOMES[library]
        for path in python_files(package)
        for module in imported_modules(path)
        if module.partition(".")[0] == library
    ]

    assert wrong == []


def test_an_adapter_never_imports_another() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for adapter in adapters()
        for path in python_files(f"channels/{adapter}")
        for module in imported_modules(path)
        if module.startswith("channels.") and module.split(".")[1] in adapters() - {adapter}
    ]

    assert wrong == []


def test_a_revision_imports_nothing_of_ours() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in python_files("migrations/versions")
        for module in imported_modules(path)
        if module.partition(".")[0] in MAY_IMPORT
    ]

    assert wrong == []


def test_actions_and_queries_never_commit() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("inbox/actions", "inbox/queries")
        for path in python_files(folder)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"}
    ]

    assert wrong == []


def test_the_rules_have_something_to_rule() -> None:
    assert all(python_files(package) for package in MAY_IMPORT)
    assert {"email", "forms", "webchat"} <= adapters()


def test_tests_are_no_packages() -> None:
    """`tests/channels/__init__.py` would make pytest take the tests for the real package."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []
