"""Whole processes under faults: killed, flooded, cut off from Redis, listened to."""
