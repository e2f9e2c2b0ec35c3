"""Keyturn: an OAuth 2.0 client-credentials authorization server in which every API key is an OAuth client."""
