"""The RabbitMQ entrance: from a queue to notifications, and results back."""
