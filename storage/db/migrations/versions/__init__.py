"""One file a step, in their order; what was released is never edited, only followed by another step."""
