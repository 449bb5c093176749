"""agent-lightning's processes, driven by quietdown."""
