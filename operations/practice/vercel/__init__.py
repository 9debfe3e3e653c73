"""A small Vercel on loopback: the calls of its REST API that our driver and its own client use, with real state.

Nothing of it is reachable from elsewhere, and it serves no site: it only keeps which deployment production leads to.
"""
