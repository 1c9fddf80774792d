"""Actions on EC2 Auto Scaling groups."""
