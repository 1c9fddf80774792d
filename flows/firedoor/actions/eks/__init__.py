"""Actions on EKS clusters, through AWS's own API: who may get at Kubernetes, and how."""
