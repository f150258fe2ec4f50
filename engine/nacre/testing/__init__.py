"""Contract suites, crash doubles and state machines, shipped for authors of backends.

Nothing in nacre imports this package. It needs the extra `nacre[test]`.
"""
