"""The checks behind `tdmaker doctor`."""
