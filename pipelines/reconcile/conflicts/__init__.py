"""What in the network contradicts itself: one file per family, each from the tables to rows of `tables.CONFLICTS`.

Nothing here decides anything: plans are made without it. What is not seen is told only of sites that were read whole
(rule R1), and every statement bears the time it is good for (rule R2).
"""
