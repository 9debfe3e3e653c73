"""Which database is this? Positive proof that the target of a restore is not production."""
