"""Actions on Lambda functions. `lambda` is a word of Python's own, hence the name."""
