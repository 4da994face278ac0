"""A report is a function: results in, text out."""
