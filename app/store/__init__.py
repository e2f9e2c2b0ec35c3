"""Every query: one function each, a file per table family."""
