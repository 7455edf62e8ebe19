"""Decision tables: reading DMN safely, the cells, what a table makes of answers, gaps and overlaps."""
