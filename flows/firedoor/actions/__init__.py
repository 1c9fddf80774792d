"""Actions: the things a step can do. One module is one action; its path is its name.

`firedoor.actions.contract` says what an action module contains, `firedoor.actions.registry` finds
them.
"""
