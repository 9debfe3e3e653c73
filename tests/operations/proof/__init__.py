"""Whether a target is proven not to be production."""
