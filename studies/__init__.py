"""Studies: what the book says over many seeds, computed by one command on two cores or a cluster.

    python -m studies recipe         (this is `make study NAME=recipe`)

The flow, one module per step::

    recipe, search, …           a study: its cases, and what runs one
        └─► case      settings × seeds, each with a key: what a case's result follows from
              └─► engine    runs the cases that are missing, on this machine or on a Dask cluster
                    └─► results   keeps each at once, and all in results/<name>.json for the pages

`compiled` and `chapters` are what studies run: a training in compiled code, a chapter's own code.
`many_gpus` trains the chapter `dcgan` on several devices.
"""

STUDIES = (
    "recipe", "search", "slopes", "speed",
    "ladder", "budget", "layers", "departures", "kernels", "autoencoder", "quality",
)  # fmt: skip
