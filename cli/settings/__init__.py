"""`gridloop settings`: every setting with its meaning, and the sample file for operators."""
