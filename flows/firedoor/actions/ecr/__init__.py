"""Actions on ECR, where container images lie."""
