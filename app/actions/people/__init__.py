"""People: how they sign in, and what a signed-in browser may do."""
