"""Documents about what was done: the actions of people and of the retraining rule."""
