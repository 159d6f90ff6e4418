"""The Sphinx side of the book: one chapter source in, one tab per backend out.

The flow, one module per step::

    split ─► execute ─► chapters/x.<backend>.ipynb ─► merge ─► tabs, launch
      └────► save (cells that the shim repeats)

`book` holds what all of them share: the settings in `_config.yml` and the error type.
"""

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict:
    """Register the rendering half of the flow; it executes nothing."""
    from . import launch, merge, tabs

    app.add_config_value("backends", [], "env")
    merge.setup(app)
    tabs.setup(app)
    launch.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
