"""Classes that the tests register."""


def transactions() -> type:
    """Return a class of its own, since registering converts it in place."""

    class Transaction:
        id: str
        amount: float
        date: str
        category: str = None

    return Transaction


def users() -> type:
    class User:
        email: str
        name: str
        yob: int

    return User


def todos() -> type:
    class Todo:
        id: int
        title: str
        detail: str
        status: str = "open"
        name: str = None

    return Todo


def students() -> type:
    class Student:
        school: str
        number: int
        name: str

    return Student
