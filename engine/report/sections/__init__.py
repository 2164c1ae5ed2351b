"""The sections of the report, a module each: a function of the facts that gives the section as HTML."""
