"""Studies: pages quote what was computed over many seeds from the file in which it was kept.

`studies/results/<name>.json` has, for each study, a `table` (rows: {column: text}), `values` for
sentences ({name: text}), and how they came: `command`, `seeds`, `seconds` on one core, `machine`,
`tolerance`.
Nothing is computed here.
"""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

from .book import BookError, read_text
from .tables import table
from .words import NUMBER, number, said, say, to_say

HOW = to_say(
    "Computed by {command}, seeds {seeds}, in {minutes} min of one core ({machine}). The tests "
    "compute some cases again, and allow differences of {tolerance}."
)

PERCENT = to_say("{number} %")


def setup(app: Sphinx) -> None:
    app.add_directive("study", StudyTable)
    app.add_role("study", StudyValue())


class StudyTable(SphinxDirective):
    """The table of a study, and how it was computed; lines of content choose rows, in order."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        where = f"{self.env.docname}.md, line {self.lineno}"
        study = results(self.env, self.arguments[0], where)
        rows = study["table"]
        first, *others = rows[0]
        if chosen := [line.strip() for line in self.content if line.strip()]:
            by_label = {row[first]: row for row in rows}
            if unknown := [label for label in chosen if label not in by_label]:
                known = ", ".join(map(repr, by_label))
                raise BookError(f"{where}: the table has no row {unknown[0]!r}; it has {known}")
            rows = [by_label[label] for label in chosen]
        body = [[self.words(row[first]), *(written(row[name]) for name in others)] for row in rows]
        seeds = study["seeds"]
        told = {
            "command": nodes.literal("", study["command"]),
            "seeds": f"{seeds[0]}–{seeds[-1]}" if len(seeds) > 1 else str(seeds[0]),
            "minutes": str(max(1, round(study["seconds"] / 60))),
            "machine": study["machine"],
            "tolerance": written(study["tolerance"]),
        }
        how = nodes.paragraph("", "", say(self.env.app, HOW, **told), translatable=False)
        how["classes"] = ["study"]
        return [table([self.words(name) for name in (first, *others)], body), how]

    def words(self, text: str) -> nodes.inline:
        """A text that translators find in the catalog of the page."""
        node = nodes.inline(text, text, translatable=True)
        node.source, node.line = self.get_source_info()
        return node


class StudyValue(SphinxRole):
    """A value of a study in a sentence: {study}`name: value`."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        where = f"{self.env.docname}.md, line {self.lineno}"
        name, _, value = (part.strip() for part in self.text.partition(":"))
        values = results(self.env, name, where)["values"]
        if value not in values:
            known = ", ".join(map(repr, values))
            raise BookError(f"{where}: the study {name!r} has no value {value!r}; it has {known}")
        return [nodes.Text(written(values[value]))], []


def written(text: str) -> str:
    """Numbers as readers of the edition write them, not parted from their percent signs."""
    percent = said(PERCENT).removeprefix("{number}").replace(" ", "\N{NO-BREAK SPACE}")
    return NUMBER.sub(number, text).replace(" %", percent)


def results(env: BuildEnvironment, name: str, where: str) -> dict:
    """What is kept of a study; the page will be read again when it changes."""
    path = Path(env.srcdir, "studies", "results", f"{name}.json")
    env.note_dependency(str(path))
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in path.parent.glob("*.json"))) or "none"
        raise BookError(f"{where}: there is no {path}; known studies: {known}")
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise BookError(f"{path} is no JSON ({error}): run its study again") from error
