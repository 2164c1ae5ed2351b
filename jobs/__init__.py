"""Jobs: what each task of the three pipelines does with data. Blind to who runs them."""
