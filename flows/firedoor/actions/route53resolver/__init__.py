"""Actions on Amazon Route 53 Resolver."""
