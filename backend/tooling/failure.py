"""The one way in which a tool of this folder says that it cannot go on."""


class Failure(Exception):  # noqa: N818  (it is what the user reads, not a defect)
    """One sentence for the user that says what to do."""
