"""Web chat: visitors and their tokens, signed identities, and what a visitor's message says."""
