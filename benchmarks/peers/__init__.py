"""The workers: a process that trains a workload one way, in our environment or the peers'."""
