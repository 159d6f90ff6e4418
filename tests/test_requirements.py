"""Locks follow from their inputs and have hashes; every file names the same versions."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"requirements-book.txt": "requirements-book.lock", "requirements.txt": "requirements.lock"}
UNLOCKED = {"torch"}  # pip installs it after the lock: see the Makefile
PIN = re.compile(r"(?<![\w.-])([\w.-]+)(?:\[[\w,]+\])?==(\d[\w.]*)")


def name(text):
    """A package's name as an index spells it: jupyter_client is jupyter-client."""
    return re.sub(r"[-_.]+", "-", text).lower()


def read(file):
    return (ROOT / file).read_text(encoding="utf-8")


def pins(file):
    """{name: version} of a file written by hand, with those of the files that it includes."""
    found = {}
    for line in read(file).splitlines():
        line = line.partition("#")[0].strip()
        if line.startswith("-r "):
            found |= pins(line.removeprefix("-r "))
        elif line:
            pin = PIN.match(line)
            assert pin, f"{file}: {line!r} pins no version; write name==version"
            found[name(pin[1])] = pin[2]
    return found


def locked(file):
    """{name: (version, hashes, what asked for it)} of a lock."""
    found = {}
    for entry in re.split(r"\n(?=[\w.-]+==)", read(file))[1:]:
        pin = PIN.match(entry)
        found[name(pin[1])] = (pin[2], re.findall("--hash=sha256:[0-9a-f]{64}", entry), entry)
    return found


@pytest.mark.parametrize(("source", "lock"), LOCKS.items())
def test_a_lock_follows_from_its_input(source, lock):
    wanted = {key: value for key, value in pins(source).items() if key not in UNLOCKED}
    asked = {
        key: version
        for key, (version, _, entry) in locked(lock).items()
        if "-r requirements" in entry
    }
    assert asked == wanted, f"{lock} is not made from {source}: run `make lock`"


@pytest.mark.parametrize("lock", LOCKS.values())
def test_everything_locked_has_a_hash_and_is_a_wheel(lock):
    entries = locked(lock)
    assert len(entries) > 50
    assert [key for key, (_, hashes, _) in entries.items() if not hashes] == []
    assert "--only-binary :all:" in read(lock)  # no setup.py runs
    assert "://" not in read(lock)  # one's own index has no place in it
    others = [key for key in entries if re.match("torch|triton|nvidia-|cuda-", key)]
    assert others == [], "these are for pip to install with torch: [tool.uv] in pyproject.toml"


def test_the_books_lock_is_part_of_the_whole():
    whole = locked("requirements.lock")
    for key, (version, hashes, _) in locked("requirements-book.lock").items():
        assert whole[key][:2] == (version, hashes), f"{key}: run `make lock`"


def test_every_file_names_the_pinned_versions():
    known = {key: version for key, (version, _, _) in locked("requirements.lock").items()}
    known |= pins("requirements.txt")
    places = [
        "*.md",
        "*.toml",
        "*.yml",
        "Makefile",
        ".binder/*",
        "*/*.py",
        "chapters/*.md",
        "locales/**/*.po",
    ]
    files = [path for place in places for path in ROOT.glob(place) if path.is_file()]
    wrong = [
        f"{file.relative_to(ROOT)}: {pin[0]}, but the environment has {known[name(pin[1])]}"
        for file in files
        if not (file.suffix == ".py" and file.parent.name == "tests")  # they make things up
        for pin in PIN.finditer(file.read_text(encoding="utf-8"))
        if known.get(name(pin[1]), pin[2]) != pin[2]
    ]
    assert wrong == []


def test_all_name_the_same_pythons():
    (pythons,) = re.findall(r"^PYTHONS := (.*)$", read("Makefile"), re.M)
    first, *_, last = pythons.split()
    assert f"Python {first} to {last}" in read("README.md")
    assert f"Python {first} to {last}" in read("requirements.txt")
    workflow = yaml.safe_load(read(".github/workflows/book.yml"))
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == [first, last]
    assert read(".binder/runtime.txt").strip() == f"python-{first}"


def test_actions_are_pinned_by_commit():
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        uses = re.findall(r"uses: *(.*)", path.read_text(encoding="utf-8"))
        assert uses
        for line in uses:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", line), (
                f"{path.name}: {line}"
            )
