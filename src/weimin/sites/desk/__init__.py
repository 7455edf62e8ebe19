"""The desk's shell: its menu, and the addresses under which the apps' pages stand."""
