"""Actions on ECS: tasks, services and the instances that they run on."""
