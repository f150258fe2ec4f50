"""The code module and the builders of the program."""

MODULE = """
import os, pathlib
import pandas as pd

def rows(low, high):
    return pd.DataFrame({"any name": range(low, high)})

def pair(k, base):
    return k + base, f"#{k}"

def running(df):
    total = 0
    for a in df["a"]:
        total += a
        yield total

def word(k):
    return f"w{k}"

def nothing(k):
    return None

def halting(k):
    if k == 2 and not os.path.exists("service.up"):
        raise ValueError("the service is down")
    return f"r{k}"

def doubled(df):
    return df[["k"]] * 2

def yielding(low, high):
    for k in range(low, high):
        yield k, f"s{k}"

def no_frame():
    return 3

def two_columns():
    return pd.DataFrame({"a": [1], "b": [2]})

def written(k, folder):
    pathlib.Path(folder, f"{k}.txt").write_text(str(k))
    return f"{k}.txt", k

def kinds(a, b, c, d, e):
    return "|".join([*(type(each).__name__ for each in (a, b, c, d)), str(e)])
"""
INDEX = """
builder_type: IndexBuilder
changed_columns: [k]
primary_key: [k]
python_function: rows
code_module: m
is_custom: true
arguments: {low: 0, high: 4}
dtypes: {k: Int64}
"""
PAIRS = """
builder_type: ColumnBuilder
changed_columns: [a, b]
python_function: pair
code_module: m
is_custom: true
return_type: row-wise
n_threads: 3
arguments:
  k: <<self.k[index]>>
  base: <<cfg.value[name::base]>>
dtypes: {a: Int64, b: string}
"""
RUNNING = """
builder_type: ColumnBuilder
changed_columns: [total]
python_function: running
code_module: m
is_custom: true
return_type: generator
arguments:
  df: <<self.{k,a}>>
dtypes: {total: Int64}
dependencies:
  - {table: self, columns: [k, a]}
  - {table: cfg, columns: [value], version: base}
"""
COLUMN = """
builder_type: ColumnBuilder
changed_columns: [x]
python_function: word
code_module: m
is_custom: true
return_type: row-wise
arguments: {k: "<<self.k[index]>>"}
"""
FILES = """
builder_type: ColumnBuilder
changed_columns: [file, size]
python_function: written
code_module: m
is_custom: true
return_type: row-wise
arguments: {k: "<<self.k[index]>>", folder: ~ARTIFACT_FOLDER~}
dtypes: {file: artifact_string, size: Int64}
"""
KINDS = """
builder_type: ColumnBuilder
changed_columns: [x]
python_function: kinds
code_module: m
is_custom: true
return_type: row-wise
arguments:
"""
FRAME = """
builder_type: ColumnBuilder
changed_columns: [x]
python_function: doubled
code_module: m
is_custom: true
arguments: {df: <<self.k>>}
dtypes: {x: Int64}
"""
GENERATOR = """
builder_type: IndexBuilder
changed_columns: [k, s]
python_function: yielding
code_module: m
is_custom: true
return_type: generator
arguments: {low: 0, high: 3}
"""
NO_ARGUMENTS = INDEX.replace("{low: 0, high: 4}", "{}")
