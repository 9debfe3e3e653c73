"""Everything that touches the outside world. Never imports `tui` or Textual."""
