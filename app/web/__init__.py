"""What HTTP brings in and takes out. Views gather, call an action, answer."""
