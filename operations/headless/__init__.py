"""A runbook walked without the console: what it goes by, where it is kept, how a section reads as plain lines."""
