"""The machine that a job runs on.

Knows processors, threads, processes, disks and progress.
May import nothing but what lies at the bottom.
"""
