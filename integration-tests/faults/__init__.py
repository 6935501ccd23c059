"""What coodie does while a cluster misbehaves: the faults, the load meanwhile, and what is found afterwards."""
