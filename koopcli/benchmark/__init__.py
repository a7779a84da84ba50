"""How fast koopcli is on this machine, and how far from what the machine can do."""
