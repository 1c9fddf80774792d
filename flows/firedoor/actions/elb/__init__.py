"""Actions on load balancers, of every generation."""
