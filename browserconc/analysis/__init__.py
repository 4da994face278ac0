"""Evidence to findings: pure, imports the model and nothing else, no clock, no I/O."""
