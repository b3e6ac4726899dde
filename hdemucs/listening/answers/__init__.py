"""What listeners answered: the form it has, where it is kept, and how other software writes it."""
