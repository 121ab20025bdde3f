"""The volume store and the encoding of volumes for the browser."""
