"""The three jobs, and what is told of them: the only place where the core and the edges meet."""
