"""Programs that stand for functions of libraries, in the language that downslope reads."""
