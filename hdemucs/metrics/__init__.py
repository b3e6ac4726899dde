"""Numbers for how near an estimate is to its reference; arrays in, arrays out, decibels."""
