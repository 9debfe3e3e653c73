"""A runbook on screen: pure functions from a Book and a walk to rows, and the places where Enter does something."""
