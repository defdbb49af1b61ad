"""The registry: main dealers, their keys, the dealers, and who changed what. Admins write it, all else reads it."""
