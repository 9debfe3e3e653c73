"""`make bench`: how fast and how quiet the console is, on a real pty, beside a hello-world of the same Textual."""
