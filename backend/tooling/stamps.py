"""Remember what was done from which files, so that it is done again only on change."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def fingerprint(files: Iterable[Path], *, extra: str = "") -> str:
    """Sum up the names and contents of `files`; folders are walked."""
    digest = hashlib.sha256(extra.encode())
    for file in sorted(_each_file(files)):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file}\0{content}\0".encode())
    return digest.hexdigest()


def _each_file(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from (file for file in path.rglob("*") if file.is_file())
        else:
            yield path


class Stamp:
    """A small file that holds the fingerprint of the last success."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def says(self, value: str) -> bool:
        """Say whether the last success had this fingerprint."""
        return self.path.is_file() and self.path.read_text() == value

    def write(self, value: str) -> None:
        """Record a success."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(value)
