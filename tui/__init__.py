"""The console. Textual lives here and nowhere else; everything it shows and does comes from `operations`."""
