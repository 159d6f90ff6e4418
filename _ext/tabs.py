"""Tabs: neighbouring cells of the backends become one tab set, kept in step over the book."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx_design.shared import create_component

GROUP = "backend"  # of tabs that switch together, in pages' addresses too: ?backend=mxnet


def setup(app: Sphinx) -> None:
    app.add_transform(BackendTabs)


def tab_set(contents: dict[str, tuple[str, list[nodes.Node]]]) -> nodes.container:
    """A sphinx-design tab set: {sync id: (label, what the tab holds)}, in that order."""
    items = []
    for sync_id, (label, content) in contents.items():
        title = nodes.rubric(label, label, classes=["sd-tab-label"], translatable=False)
        title["sync_group"], title["sync_id"] = GROUP, sync_id
        body = create_component("tab-content", classes=["sd-tab-content"], children=content)
        items.append(
            create_component(
                "tab-item", classes=["sd-tab-item"], children=[title, body], selected=False
            )
        )
    return create_component("tab-set", classes=["sd-tab-set", "backends"], children=items)


class BackendTabs(SphinxTransform):
    """Move each run of cells that belong to a backend into a tab set.

    Prose and shared cells end a run. In a tab, a backend's cells keep the source's order.
    """

    default_priority = 500

    def apply(self) -> None:
        labels = {backend["tag"]: backend["label"] for backend in self.config.backends}
        for parent in list(self.document.findall(_holds_cells)):
            run: list[nodes.Node] = []
            for child in [*parent.children, None]:
                if child is not None and _backend(child):
                    run.append(child)
                elif run:
                    tabs = {
                        tag: (label, [cell for cell in run if _backend(cell) == tag])
                        for tag, label in labels.items()
                        if any(_backend(cell) == tag for cell in run)
                    }
                    where = parent.index(run[0])
                    for cell in run:
                        parent.remove(cell)
                    parent.insert(where, tab_set(tabs))
                    run = []


def is_code_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def is_component(node: nodes.Node, name: str) -> bool:
    """Whether a node is a sphinx-design component of that name."""
    return isinstance(node, nodes.container) and node.get("design_component") == name


def _backend(node: nodes.Node) -> str | None:
    return node["cell_metadata"].get("backend") if is_code_cell(node) else None


def _holds_cells(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Element) and any(_backend(child) for child in node.children)
