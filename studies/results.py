"""Results: every case in a file of its own, written whole or not at all; all in one, for pages."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from types import ModuleType

from _ext.book import BookError, read_text
from _ext.files import write

from .case import Case, key, versions

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = Path(__file__).resolve().parent / "results"


class Cases:
    """The finished cases of one study and one state of its code."""

    def __init__(self, name: str, code: str, folder: Path = ROOT / "_build" / "studies"):
        self.folder, self.code = folder / name, code
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BookError(f"{self.folder} cannot be made ({error})") from error

    def get(self, case: Case) -> dict | None:
        """{"seconds": …, "result": …} of a case, if it has been run."""
        path = self._path(case)
        if not path.is_file():
            return None
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError:
            return None  # no file of ours: they are whole

    def keep(self, case: Case, seconds: float, result: dict) -> None:
        """Write a case's result; raises BookError, and leaves no half of it, if that fails."""
        told = {"case": case.label, "seed": case.seed, "settings": case.settings}
        write(self._path(case), json.dumps(told | {"seconds": seconds, "result": result}))

    def _path(self, case: Case) -> Path:
        return self.folder / f"{key(case, self.code)}.json"


def publish(name: str, study: ModuleType, code: str, done: dict[Case, dict]) -> Path:
    """Write `results/<name>.json`: the table and what is quoted, how they came, and every case."""
    results = by_label(done)
    head = {
        "command": f"python -m studies {name}",
        "seeds": sorted({case.seed for case in done}),
        "seconds": round(sum(one["seconds"] for one in done.values())),
        "machine": f"{platform.machine()}, {platform.system()}",
        "tolerance": f"{100 * study.TOLERANCE:.0f} %",
        "versions": versions(study),
        "code": code,
        "values": study.values(results),
    }
    parts = [f'  "{name}": {json.dumps(value, ensure_ascii=False)}' for name, value in head.items()]
    parts.append('  "table": ' + _lines(study.table(results)))
    cases = [{"case": case.label, "seed": case.seed, "result": one["result"]}
             for case, one in done.items()]  # fmt: skip
    parts.append('  "cases": ' + _lines(cases))
    PUBLISHED.mkdir(exist_ok=True)
    write(PUBLISHED / f"{name}.json", "{\n" + ",\n".join(parts) + "\n}\n")
    return PUBLISHED / f"{name}.json"


def published(name: str) -> dict:
    """What `publish` wrote."""
    path = PUBLISHED / f"{name}.json"
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise BookError(f"{path} is no JSON ({error}): python -m studies {name}") from error


def by_label(done: dict[Case, dict]) -> dict[str, list[dict]]:
    """The results of each label's seeds, in order."""
    results: dict[str, list[dict]] = {}
    for case in sorted(done, key=lambda case: case.seed):
        results.setdefault(case.label, []).append(done[case]["result"])
    return results


def _lines(entries: list) -> str:
    """JSON with an entry in each line, for readable diffs."""
    if not entries:
        return "[]"
    lines = (f"    {json.dumps(entry, ensure_ascii=False)}" for entry in entries)
    return "[\n" + ",\n".join(lines) + "\n  ]"
