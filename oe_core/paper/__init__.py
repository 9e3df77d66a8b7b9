"""The paper's printed numbers, and ours beside them."""

from oe_core.paper.comparison import LOGS, cells, compare, paper_out_dists, paper_table, publish, rendered

__all__ = ["LOGS", "cells", "compare", "paper_out_dists", "paper_table", "publish", "rendered"]
