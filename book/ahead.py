"""Imported ahead of nbformat: leaves out what costs each process two seconds and serves no notebook.

jsonschema, which checks notebooks for nbformat, compiles the grammar of international addresses (rfc3987-syntax) at its
import, for schemas that ask for such an address; a notebook's asks for none. Where that package is missing, jsonschema
does without it. Its issue 1428 and jupyter_server's 1559 tell the story.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # the import system's word for a module that is not to be had
