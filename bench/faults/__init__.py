"""Faults that are made for real: machines that vanish, disks that fill, clocks that jump."""
