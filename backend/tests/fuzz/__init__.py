"""Input that nobody would send, made up by hypothesis, against a running server."""
