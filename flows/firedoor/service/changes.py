"""Which incidents somebody has written to, told by the anchors' files: journals are not read."""

from __future__ import annotations

import os

from firedoor.service.post import Post

SHARED_EVERY = 10
"""Looks between those at a store that other machines write to as well."""


class Changes:
    """What was written to since the last look; at the first look, everything."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._seen: dict[str, tuple[int, int]] = {}
        self._count = 0

    def look(self) -> list[str]:
        """The incidents that somebody has written to since the last look."""
        self._count += 1
        found = []
        journal = self._post.office().journal
        folder = journal.anchors("x").parent
        if folder.is_dir():
            with os.scandir(folder) as files:
                for file in files:
                    if not file.name.endswith(".txt"):
                        continue
                    told = file.stat()
                    stamp = (told.st_mtime_ns, told.st_size)
                    if self._seen.get(file.name) != stamp:
                        self._seen[file.name] = stamp
                        found.append(file.name.removesuffix(".txt"))
        if journal.store.shared and self._count % SHARED_EVERY == 0:
            found += self._post.incidents()
        return found
