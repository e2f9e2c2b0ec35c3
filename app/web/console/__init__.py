"""The console: pages for people. A page gathers, calls an action, answers; no rule of the product lives here."""
