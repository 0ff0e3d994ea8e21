"""Forms: what a field map asks for, what a submission says, and what gives a robot away."""
