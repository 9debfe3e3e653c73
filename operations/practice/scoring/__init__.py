"""The score's categories, one a file: what a session's events say, and every point that is taken, with its event."""
