"""Tables: from a file or a data frame to named columns."""
