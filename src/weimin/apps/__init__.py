"""The domain apps: one per duty of the plan, all on the same kernel; none imports another."""
