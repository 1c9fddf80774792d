"""Actions on Amazon EC2."""
