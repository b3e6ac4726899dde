"""Tables, figures, the verdict and the pages that show them; all from stored scores and curves."""
