"""Every way in by every way out, in both profiles."""
