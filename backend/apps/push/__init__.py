"""From the server to a browser: groups, frames, hints and the channel layers."""
