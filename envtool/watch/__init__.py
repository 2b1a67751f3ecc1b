"""Watches a command while it runs: disks, the memory of all its processes, and what the kernel ended."""
