"""Markdown runbooks and their reader: text in, objects out. Pure; imports neither `operations` nor `tui`."""
