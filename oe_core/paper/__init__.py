"""The paper's printed numbers, and ours beside them."""

from oe_core.paper.comparison import cells, compare, paper_out_dists, paper_table, publish, rendered
from oe_core.paper.index import INDEX, LOGS

__all__ = ["INDEX", "LOGS", "cells", "compare", "paper_out_dists", "paper_table", "publish", "rendered"]
