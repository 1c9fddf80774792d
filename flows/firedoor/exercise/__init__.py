"""Scenarios played against simulated AWS: drills, by script and in seconds."""
