"""Static files, found once in a process."""

from typing import Any, ClassVar

from servestatic.middleware import ServeStaticMiddleware


class StaticFilesMiddleware(ServeStaticMiddleware):  # type: ignore[misc]  # untyped
    """ServeStatic, looking through the folders for the first handler only.

    That takes a tenth of a second, and every test client makes a handler.
    """

    files: dict[str, Any]
    directories: list[tuple[str, str]]
    _found: ClassVar[tuple[dict[str, Any], list[tuple[str, str]]] | None] = None

    def add_files_from_finders(self) -> None:
        """Take what was found before."""
        if StaticFilesMiddleware._found is None:
            super().add_files_from_finders()
            StaticFilesMiddleware._found = (self.files, self.directories)
        self.files, self.directories = StaticFilesMiddleware._found
