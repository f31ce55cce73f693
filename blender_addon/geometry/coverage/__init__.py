"""What a plan of views sees of a part, and plans that see enough of it: arrays in, arrays out."""
