"""What firedoor does with Amazon GuardDuty."""
