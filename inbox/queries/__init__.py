"""Everything that reads. A query says what it loads and takes the actor it reads for."""
