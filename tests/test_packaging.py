"""The wheel that people install has everything that runs, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import inbox

ROOT = Path(__file__).parent.parent
PACKAGES = {"inbox", "channels", "web", "migrations"}


@pytest.fixture(scope="module")
def sources() -> dict[str, set[str]]:
    """What is in each package's folder before the wheel is built, without what Python makes."""
    return {
        package: {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / package).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
        }
        for package in PACKAGES
    }


@pytest.fixture(scope="module")
def wheel(sources: dict[str, set[str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the work tree without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def files(wheel: Path) -> set[str]:
    """The names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_is_called_onethread_and_has_our_version(wheel: Path) -> None:
    assert wheel.name == f"onethread-{inbox.__version__}-py3-none-any.whl"


def test_the_wheel_has_the_four_packages_and_nothing_else(files: set[str]) -> None:
    tops = {name.partition("/")[0] for name in files}

    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES
    assert not [name for name in files if "test" in name.partition("/")[0] or "conftest" in name]


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_every_file_of_a_package_is_in_the_wheel(
    sources: dict[str, set[str]], files: set[str], package: str
) -> None:
    assert sources[package] - files == set()


@pytest.mark.parametrize("pattern", ["web/templates/", "web/static/", "migrations/versions/"])
def test_what_is_no_module_is_in_the_wheel_too(files: set[str], pattern: str) -> None:
    assert [name for name in files if name.startswith(pattern)]


def test_the_wheel_brings_the_command_and_the_licence(wheel: Path, files: set[str]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [entry_points] = [name for name in files if name.endswith("entry_points.txt")]
        commands = archive.read(entry_points).decode()

    assert "onethread = web.cli:main" in commands
    assert [name for name in files if name.endswith("/licenses/LICENSE")]


def test_the_locks_name_every_file_by_its_hash_and_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()

        assert text.count("==") <= text.count("--hash=sha256:")
        assert "://" not in text
        assert "--index-url" not in text


def test_the_locks_agree_about_what_both_name() -> None:
    server, developing = (pins(ROOT / name) for name in ("requirements.lock", "requirements-dev.lock"))

    assert server <= developing


def pins(lock: Path) -> set[str]:
    """The lines that fix a version, as `name==version ; marker`."""
    lines = lock.read_text().splitlines()
    return {line.rstrip(" \\") for line in lines if "==" in line and not line.startswith((" ", "#"))}
