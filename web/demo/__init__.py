"""`onethread demo`: a made-up company, its customers, what they wrote, and what they go on writing."""
