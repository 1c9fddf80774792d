"""Actions on Amazon SES."""
