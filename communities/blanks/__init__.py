"""A superior's blank Excel: where its headings and cells are, what belongs into them, and how it is filled."""
