"""Matters (事项) as the doors use them.

`send` begins one and gives commands, `queries` reads them in scope, `views` has what people see, `filter` what a list
is narrowed to.
"""
