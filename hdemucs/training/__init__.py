"""The paper's recipe: from a run directory's configuration to its best weights."""
