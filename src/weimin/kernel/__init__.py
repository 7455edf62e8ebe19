"""The kernel: what every domain app stands on, low to high: record, accounts, directory, residents,
deadlines, messages, procedures, catalogue, cases, evaluation. A package imports only what stands before it."""
