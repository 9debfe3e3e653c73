"""`make pictures`: redraws the README's pictures from the running console on the practice site."""
