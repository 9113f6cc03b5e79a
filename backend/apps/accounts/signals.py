"""What others may listen to."""

from django.dispatch import Signal

# Sent after commit with `user_id`, when a socket of the user may have to end: a
# credential was deleted, the password changed, the user was disabled or promoted.
# `push` lies above this app and listens.
standing_changed = Signal()
