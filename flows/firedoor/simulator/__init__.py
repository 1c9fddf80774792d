"""The simulated AWS of drills; nothing of it can reach a network."""
