"""The nouns: plan, timeline, finding, cause. Frozen, standard library only, no I/O, no clock."""
