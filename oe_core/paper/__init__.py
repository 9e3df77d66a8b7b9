"""The paper's printed numbers, and ours beside them."""

from oe_core.paper.comparison import compare, paper_table, publish
from oe_core.paper.index import INDEX, LOGS
from oe_core.paper.render import rendered
from oe_core.paper.told import gains, parted, told
