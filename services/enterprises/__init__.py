"""Enterprises (企业) as the doors use them, besides what every matter has.

`colour` explains the colour as of any moment, `counts` has the figures, `suggest` finds those a report may be about,
`tables` reads a register from a file and `register` enters it, `page` gathers what the page of one shows.
"""
