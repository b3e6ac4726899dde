"""The penalty on the largest singular values of weight matrices, and how it is estimated."""
