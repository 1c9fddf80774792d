"""What a team sets up around firedoor: the AWS side, a service unit, a container."""
