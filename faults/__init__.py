"""Programs that try to break a promise for as many rounds as they are told, and say what came of it."""
