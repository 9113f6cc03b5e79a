"""Private PostgreSQL, Redis and RabbitMQ for one run of the tests, and Chromium."""
