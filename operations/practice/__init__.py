"""The practice site: a small real site on loopback that breaks for real, and goes without a trace."""
