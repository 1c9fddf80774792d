"""Actions on AWS Organizations: what an attacker in an account cannot take back."""
