"""Pure rules of a matter: the legal states, its number, what is missing."""
