"""What has no tables and knows nothing of government: errors, clock, identifiers, cryptography, pages."""
