"""The service's HTTP side: webhooks, health, metrics."""
