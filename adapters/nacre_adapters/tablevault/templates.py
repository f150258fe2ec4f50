"""What a builder or a code module starts as, when no text is given."""

INDEX = """\
# The rows of the table: `python_function` of `code_module` returns a frame, a row or a generator.
builder_type: IndexBuilder
changed_columns: [COLUMN_NAME]
primary_key: []
keep_old: false
python_function: FUNCTION_NAME
code_module: MODULE_NAME
is_custom: true
arguments:
  ARGUMENT: <<TABLE_NAME.COLUMN_NAME>>
return_type: dataframe
n_threads: 1
dtypes:
  COLUMN_NAME: string
dependencies: null
"""

COLUMN = """\
# Columns of the table, from the others: `python_function` of `code_module`.
builder_type: ColumnBuilder
changed_columns: [COLUMN_NAME]
python_function: FUNCTION_NAME
code_module: MODULE_NAME
is_custom: true
arguments:
  ARGUMENT: <<self.COLUMN_NAME[index]>>
return_type: row-wise
n_threads: 1
dtypes:
  COLUMN_NAME: string
dependencies: null
"""

MODULE = '''\
"""
Functions that builders call: each returns what its builder's `return_type` says.
"""
'''


def builder_template(table: str, builder: str) -> str:
    """Return what a builder of a table starts as."""
    return INDEX if builder == f"{table}_index" else COLUMN
