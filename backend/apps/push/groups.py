"""The names of the groups that hints travel to; nobody else spells them."""

EVERYONE = "everyone"
MAILINGS = "mailings"


def user(user_id: int) -> str:
    """Name the group of one user's connections."""
    return f"user.{user_id}"


def team(team_id: int) -> str:
    """Name the group of a team's connections."""
    return f"team.{team_id}"


def mailing(mailing_id: int) -> str:
    """Name the group of those who watch one mailing."""
    return f"mailing.{mailing_id}"
