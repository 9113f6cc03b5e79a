"""The protocol seen from outside: a URL, credentials, and what must come back.

Nothing here knows the server's code. `CARILLON_CONFORMANCE_URL` aims the suite at a
running deployment (see conftest.py for the credentials that it then needs).
"""
