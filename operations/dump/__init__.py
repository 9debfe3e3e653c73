"""Plain SQL dumps as streams: made, read, packed, counted, never held whole."""
