"""What lives beside requests: the master key, the ring of signing keys, the guessing throttle, metrics."""
