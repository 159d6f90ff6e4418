"""The thin runtime of the book's notebooks, one module per backend with the same names in each.

    from d2l_shim import torch as d2l     # or:  from d2l_shim import mxnet as d2l

Importing the package alone imports no framework.
"""

__version__ = "0.1.0"
