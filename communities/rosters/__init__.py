"""Rosters: ledgers of compounds, households, residents, units and staff that come in as Excel files.

files.py    opens what was uploaded without trusting it, and gives its cells as a stream of rows
headings.py finds the heading row and guesses which column is what
cells.py    makes a clean value out of a cell, or a fault
columns.py  the columns of each kind of roster, with their synonyms
faults.py   what can be wrong with a row, in words
places.py   communities, grids, compounds, buildings and doors of the roster's place, looked up in memory
planner.py  what a row would do: new, changed, same, faulty; one subclass a kind (residents.py, households.py …)
running.py  the jobs: check (dry run), apply, take back
"""
