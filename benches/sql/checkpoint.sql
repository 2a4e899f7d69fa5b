-- Puts the seed on disk, so that a measurement does not pay for it.
checkpoint
