"""Actions on EC2: instances, their networks, volumes, snapshots and images."""
