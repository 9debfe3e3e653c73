"""Everything that touches the outside world. Never imports `tui` or Textual."""

import sys

# httpx brings a command of its own, and with it rich, pygments and click: 0.1 s in every start, for nothing here.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
