"""The resident: one process that keeps Prefect warm and takes runs over from the command line.

`firedoor serve` is one. It listens on a Unix socket in its home and on nothing else; who calls is
known from the socket's other end. What a person must agree to is shown to him and asked of him at
his own terminal, and journalled under his name.
"""
