"""Accounts: users, sessions, sign-in links, access tokens."""
