"""What people see everywhere: base pages, components, design tokens, paper. Knows nothing of government."""
