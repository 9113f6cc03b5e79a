"""A domain for tests: mailings that live in one file of DATA_DIR.

Switched on by EXTRA_APPS=tests.fake_domain. The file `fake_domain.json` holds
`mailings`, which maps an id to its `watchers` (user ids) and its `progress` (a frame).
It is read anew each time, so that a test changes the domain by writing the file.
"""

FILE_NAME = "fake_domain.json"
