"""How long tests wait for what must come."""

PATIENCE_SECONDS = 60
"""Long enough for a machine that stands still for a while: a test that waits in vain fails all the same."""
