"""How fast this engine is against the plain way, measured side by side: `python -m bench`."""

import oe_core  # noqa: F401  before torch is loaded, so that threads and waits are those of any other program
