#!/usr/bin/env python
"""Django's command line, run from anywhere inside the checkout."""

import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run the command named on the command line."""
    sys.path[:0] = [str(ROOT / "backend"), str(ROOT)]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"carillon: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
