"""Who is watching: the events of a run as they happen, without a gap, whichever process they happen in."""
