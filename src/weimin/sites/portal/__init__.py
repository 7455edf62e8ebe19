"""The portal's shell: home, and the addresses under which the apps' pages stand."""
