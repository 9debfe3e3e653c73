"""Harbour Tow: the dispatch board of a small towing company."""
