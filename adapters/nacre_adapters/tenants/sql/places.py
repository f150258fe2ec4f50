"""The places of parameters in a text: a name for each ?, and tokens that mean something else."""

from nacre_adapters.tenants.errors import Unsupported
from nacre_adapters.tenants.sql.library import TokenType, sqlglot

POSITIONAL = "nacre_parameter_"

# A plus behind one of these is no addition.
_BEFORE_UNARY = frozenset(
    {
        TokenType.L_PAREN, TokenType.COMMA, TokenType.EQ, TokenType.NEQ, TokenType.LT,
        TokenType.LTE, TokenType.GT, TokenType.GTE, TokenType.PLUS, TokenType.DASH,
        TokenType.STAR, TokenType.SLASH, TokenType.MOD, TokenType.AMP, TokenType.PIPE,
        TokenType.DPIPE, TokenType.TILDE, TokenType.AND, TokenType.OR, TokenType.NOT,
        TokenType.BETWEEN, TokenType.IN, TokenType.LIKE, TokenType.GLOB, TokenType.IS,
        TokenType.CASE, TokenType.WHEN, TokenType.THEN, TokenType.ELSE, TokenType.ESCAPE,
    }
)  # fmt: skip


def positional_name(number: int) -> str:
    """Return the name of the parameter of a ?, counted from 0."""
    return f"{POSITIONAL}{number}"


def with_names(what: str, text: str) -> tuple[str, int]:
    """Return a text with a name for each ?; refuse what the parser would not tell us of."""
    parts, at, count = [], 0, 0
    before: TokenType | None = None
    for token in sqlglot.tokenize(text, dialect="sqlite"):
        kind, raw = token.token_type, text[token.start : token.end + 1]
        _check_token(kind, raw, before)
        if kind == TokenType.NUMBER and before == TokenType.PLACEHOLDER:
            raise Unsupported(f"the parameter ?{raw} is not supported: use ? or :name")
        if kind == TokenType.VAR and raw.startswith(POSITIONAL):
            raise Unsupported(f"the name {raw} in {what} is taken: use another")
        if kind == TokenType.PLACEHOLDER:
            parts += [text[at : token.start], f":{positional_name(count)} "]
            at, count = token.end + 1, count + 1
        before = kind
    return "".join([*parts, text[at:]]), count


def _check_token(kind: TokenType, raw: str, before: TokenType | None) -> None:
    if raw[:2].lower() == "0x":
        raise Unsupported(f"the hexadecimal number {raw} is not supported: write a decimal one")
    if kind == TokenType.DCOLON:
        raise Unsupported(":: is not supported: write CAST(... AS ...)")
    if kind == TokenType.PLUS and (before is None or before in _BEFORE_UNARY):
        raise Unsupported("a plus in front of a value is not supported: leave it away")
