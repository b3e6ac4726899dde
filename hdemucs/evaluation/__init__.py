"""How sure a number is: published numbers to compare with, differences, intervals, tests."""
