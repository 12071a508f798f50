"""What decides: pure functions over plain values, with neither network, disk, database, clock nor chance."""
