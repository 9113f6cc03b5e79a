"""`python -m consumers`: listen to RabbitMQ, from anywhere inside the checkout."""

import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run the management command of the same purpose."""
    sys.path[:0] = [str(ROOT / "backend"), str(ROOT)]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(["consumers", "launch_queue_listener"])
    except ImproperlyConfigured as error:
        sys.stderr.write(f"carillon: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
