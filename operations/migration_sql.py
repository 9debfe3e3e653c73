"""Judges a migration's SQL with Postgres' own parser: does old code still run on the schema it makes?

Three words, and the doubtful case is never the good one: what is not known to only add is one way or cannot be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from operations.text import one_line

Word = Literal["adds", "one-way", "cannot-tell"]
SQL_LIMIT = 1_000_000
"""Characters; a million take the parser up to two seconds, and every plan reads them twice."""
_WORSE: dict[Word, int] = {"adds": 0, "cannot-tell": 1, "one-way": 2}
_SHOWN_REASONS = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word and what it rests on, one line a finding."""

    word: Word
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one statement, or one part of an ALTER, does."""

    word: Word
    says: str


TableName = tuple[str, str]
"""Schema (empty when not written) and name."""


def judge_sql(text: str) -> Verdict:
    """The verdict on a whole file: the worst of its statements; "one way" outweighs "cannot tell"."""
    text = text.removeprefix("\ufeff")
    if len(text) > SQL_LIMIT:
        return Verdict("cannot-tell", (f"larger than {SQL_LIMIT:,} characters",))
    if "\0" in text:
        return Verdict("cannot-tell", ("not readable as SQL: it holds a zero byte",))
    import pglast

    try:
        statements = [raw.stmt for raw in pglast.parse_sql(text)]
    except (pglast.Error, ValueError, RecursionError) as error:
        return Verdict("cannot-tell", (f"not readable as SQL: {one_line(str(error), 100)}",))
    made: set[TableName] = set()
    findings = [finding for statement in statements for finding in _judge(statement, made)]
    return worst(findings)


def worst(findings: Iterable[Finding]) -> Verdict:
    """The worst word, with the reasons of that word first; what only adds gives no reason."""
    ordered = sorted(findings, key=lambda finding: -_WORSE[finding.word])
    word = ordered[0].word if ordered else "adds"
    reasons = dict.fromkeys(finding.says for finding in ordered if finding.word != "adds" or word == "adds")
    return Verdict(word, tuple(reasons)[:_SHOWN_REASONS])


def _adds(says: str) -> Sequence[Finding]:
    return (Finding("adds", says),)


def _one_way(says: str) -> Sequence[Finding]:
    return (Finding("one-way", says),)


def _unsure(says: str) -> Sequence[Finding]:
    return (Finding("cannot-tell", says),)


def _judge(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    kind = type(statement).__name__
    if kind in _NO_EFFECT:
        return ()
    if kind in _SIMPLE_ADDS:
        return _adds(_SIMPLE_ADDS[kind])
    if kind in _SIMPLE_ONE_WAY:
        return _one_way(_SIMPLE_ONE_WAY[kind])
    judge = _BY_KIND.get(kind)
    return judge(statement, made) if judge else _unsure(f"{_readable(kind)}: not known to be harmless")


def _create_table(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    if statement.relation.relpersistence != "t" and not statement.if_not_exists:
        made.add(_name(statement.relation))
    if statement.partbound is not None or statement.inhRelations:
        return _unsure(f"table {_shown(statement.relation)} becomes part of another table")
    return _adds(f"new table {_shown(statement.relation)}")


def _create_table_as(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    relation = statement.into.rel
    if not statement.if_not_exists:
        made.add(_name(relation))
    return _adds(f"new table {_shown(relation)} from a query")


def _create_schema(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    inside = [finding for part in statement.schemaElts or () for finding in _judge(part, made)]
    return (*_adds(f"new schema {statement.schemaname}"), *inside)


def _create_index(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    table = _shown(statement.relation)
    if statement.unique and _name(statement.relation) not in made:
        return _one_way(f"new UNIQUE index on {table}")
    return _adds(f"new index on {table}")


def _create_function(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    name = _dotted(statement.funcname)
    what = "procedure" if statement.is_procedure else "function"
    return _one_way(f"{what} {name} changed") if statement.replace else _adds(f"new {what} {name}")


def _create_view(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    name = _shown(statement.view)
    return _one_way(f"view {name} changed") if statement.replace else _adds(f"new view {name}")


def _define(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    name = _dotted(statement.defnames)
    return _one_way(f"{name} replaced") if statement.replace else _adds(f"new {name}")


def _on_table(what: str, attribute: str) -> Callable[[Any, set[TableName]], Sequence[Finding]]:
    """A trigger, policy or rule: changes what old code meets, unless the table is as new as it is."""

    def judge(statement: Any, made: set[TableName]) -> Sequence[Finding]:
        relation = getattr(statement, attribute)
        if relation is not None and _name(relation) in made:
            return _adds(f"{what} on new table {_shown(relation)}")
        return _one_way(f"{what} changed" + (f" on {_shown(relation)}" if relation is not None else ""))

    return judge


def _grant(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    word = "grant" if statement.is_grant else "revoke"
    relations = [item for item in statement.objects or () if type(item).__name__ == "RangeVar"]
    if relations and len(relations) == len(statement.objects) and all(_name(item) in made for item in relations):
        return _adds(f"{word} on new table {_shown(relations[0])}")
    return _one_way(f"{word} changed")


def _drop(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    what = _object_word(statement.removeType)
    names = [_dotted(item) for item in statement.objects or ()]
    return _one_way(f"drops {what} {', '.join(name for name in names[:5] if name)}".rstrip())


def _rename(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    what = _object_word(statement.renameType)
    old = statement.subname or (_shown(statement.relation) if statement.relation is not None else "")
    return _one_way(f"renames {what} {old}".rstrip() + (f" to {statement.newname}" if statement.newname else ""))


def _alter_enum(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    name = _dotted(statement.typeName)
    if statement.oldVal:
        return _one_way(f"renames a value of enum {name}")
    return _one_way(f"new value in enum {name}: {one_line(str(statement.newVal), 40)}")


def _set(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    if statement.name in ("search_path", None):
        # A name without a schema now means another table than it did before.
        made -= {table for table in made if not table[0]}
    return ()


def _select(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    if statement.intoClause is not None:
        return _adds("new table from a query")
    return _unsure("a SELECT, which may change data through a function")


def _alter_table(statement: Any, made: set[TableName]) -> Sequence[Finding]:
    what = _object_word(statement.objtype)
    name = _shown(statement.relation)
    if _name(statement.relation) in made:
        return _adds(f"completes new table {name}")
    if what not in ("table", "foreign table"):
        return _one_way(f"{what} {name} changed")
    return [finding for command in statement.cmds for finding in _alter_part(command, name)]


def _alter_part(command: Any, table: str) -> Sequence[Finding]:
    part = command.subtype.name.removeprefix("AT_")
    column = f"{table}.{command.name}" if command.name else table
    if part == "AddColumn":
        return _add_column(command.def_, table)
    if part == "AddConstraint":
        return _one_way(f"{_constraint_word(command.def_)} on {table}")
    if part == "ColumnDefault":
        if command.def_ is None:
            return _one_way(f"drops the default of {column}")
        return _unsure(f"changes the default of {column}: old code may rely on the one before")
    if part in _PART_ONE_WAY:
        return _one_way(_PART_ONE_WAY[part].format(column=column, table=table))
    if part in _PART_HARMLESS:
        return _adds(f"storage or statistics of {table}")
    return _unsure(f"ALTER TABLE {table}: {_readable(part)}")


def _add_column(column: Any, table: str) -> Sequence[Finding]:
    name = f"{table}.{column.colname}"
    constraints = {
        constraint.contype.name.removeprefix("CONSTR_"): constraint for constraint in column.constraints or ()
    }
    filled = {"DEFAULT", "IDENTITY", "GENERATED"} & set(constraints) or _dotted(column.typeName.names) in _SERIALS
    strict = [_constraint_word(found) for kind, found in constraints.items() if kind in _STRICT]
    if strict:
        return _one_way(f"{strict[0]} on new column {name}")
    if "NOTNULL" in constraints and not filled:
        return _one_way(f"new column {name} is NOT NULL without a default")
    return _adds(f"new column {name}")


def _constraint_word(constraint: Any) -> str:
    kind = constraint.contype.name.removeprefix("CONSTR_")
    return f"new {_STRICT.get(kind, _readable(kind))}"


def _name(relation: Any) -> TableName:
    return (relation.schemaname or "", relation.relname)


def _shown(relation: Any) -> str:
    return one_line(".".join(part for part in _name(relation) if part), 80)


def _dotted(names: Any) -> str:
    """A name as written: from a list of strings, a type, an object with arguments, or a plain string."""
    if hasattr(names, "sval"):
        return one_line(str(names.sval), 80)
    if isinstance(names, tuple | list):
        return ".".join(part for part in map(_dotted, names) if part)
    for attribute in ("objname", "names"):
        if getattr(names, attribute, None) is not None:
            return _dotted(getattr(names, attribute))
    return ""


def _object_word(kind: Any) -> str:
    return str(kind.name).removeprefix("OBJECT_").replace("TABCONSTRAINT", "CONSTRAINT").replace("_", " ").lower()


def _readable(name: str) -> str:
    spaced = "".join(f" {letter}" if letter.isupper() else letter for letter in name.removesuffix("Stmt"))
    return spaced.strip().lower() if not name.isupper() else name.lower()


_STRICT = {
    "CHECK": "CHECK",
    "UNIQUE": "UNIQUE",
    "PRIMARY": "PRIMARY KEY",
    "FOREIGN": "FOREIGN KEY",
    "EXCLUSION": "EXCLUDE",
}
_SERIALS = frozenset({"serial", "bigserial", "smallserial", "serial4", "serial8", "serial2"})
_PART_ONE_WAY = {
    "DropColumn": "drops column {column}",
    "DropConstraint": "drops constraint {column}",
    "AlterColumnType": "retypes {column}",
    "SetNotNull": "new NOT NULL on {column}",
    "DropNotNull": "{column} may be NULL now: old code may not expect it",
    "DropExpression": "{column} is not computed any more",
    "DropIdentity": "{column} is not numbered any more",
    "SetIdentity": "numbering of {column} changed",
    "AddIdentity": "numbering of {column} changed",
    "EnableRowSecurity": "policy changed: row security on {table}",
    "DisableRowSecurity": "policy changed: row security off {table}",
    "ForceRowSecurity": "policy changed: row security on {table}",
    "NoForceRowSecurity": "policy changed: row security on {table}",
    "EnableTrig": "trigger changed on {table}",
    "EnableAlwaysTrig": "trigger changed on {table}",
    "EnableReplicaTrig": "trigger changed on {table}",
    "EnableTrigAll": "trigger changed on {table}",
    "EnableTrigUser": "trigger changed on {table}",
    "DisableTrig": "trigger changed on {table}",
    "DisableTrigAll": "trigger changed on {table}",
    "DisableTrigUser": "trigger changed on {table}",
    "ChangeOwner": "owner changed of {table}",
    "DetachPartition": "drops a partition of {table}",
}
_PART_HARMLESS = frozenset(
    {"SetStatistics", "SetOptions", "ResetOptions", "SetStorage", "SetCompression", "ClusterOn", "DropCluster"}
    | {"SetRelOptions", "ResetRelOptions", "ValidateConstraint"}
)
_NO_EFFECT = frozenset(
    {"TransactionStmt", "LockStmt", "ConstraintsSetStmt", "CheckPointStmt", "DiscardStmt", "VacuumStmt"}
    | {"ReindexStmt", "ClusterStmt", "VariableShowStmt", "ListenStmt", "UnlistenStmt"}
)
_SIMPLE_ADDS = {
    "CommentStmt": "a comment",
    "CreateSeqStmt": "new sequence",
    "CreateEnumStmt": "new enum",
    "CreateDomainStmt": "new domain",
    "CompositeTypeStmt": "new type",
    "CreateRangeStmt": "new type",
    "CreateExtensionStmt": "new extension",
    "CreateStatsStmt": "new statistics",
    "CreateRoleStmt": "new role",
    "CreateForeignTableStmt": "new foreign table",
    "CreateForeignServerStmt": "new foreign server",
    "CreateUserMappingStmt": "new user mapping",
    "CreateFdwStmt": "new foreign data wrapper",
    "RefreshMatViewStmt": "a materialized view is filled again",
}
_SIMPLE_ONE_WAY = {
    "AlterPolicyStmt": "policy changed",
    "AlterFunctionStmt": "function changed",
    "AlterOwnerStmt": "owner changed",
    "AlterObjectSchemaStmt": "moved to another schema",
    "AlterDomainStmt": "domain changed",
    "AlterDefaultPrivilegesStmt": "grant changed: default privileges",
    "GrantRoleStmt": "grant changed: role",
    "AlterRoleStmt": "role changed",
    "AlterRoleSetStmt": "role changed",
    "DropRoleStmt": "drops a role",
    "DropOwnedStmt": "drops all that a role owns",
    "CreateEventTrigStmt": "trigger changed: for all tables",
    "AlterEventTrigStmt": "trigger changed: for all tables",
    "CreateCastStmt": "new cast, which changes what old queries mean",
    "AlterTypeStmt": "type changed",
    "AlterExtensionStmt": "extension changed",
    "CreatePublicationStmt": "new publication, which may refuse old code's updates",
}
_BY_KIND: dict[str, Callable[[Any, set[TableName]], Sequence[Finding]]] = {
    "CreateStmt": _create_table,
    "CreateTableAsStmt": _create_table_as,
    "CreateSchemaStmt": _create_schema,
    "IndexStmt": _create_index,
    "CreateFunctionStmt": _create_function,
    "ViewStmt": _create_view,
    "DefineStmt": _define,
    "CreateTrigStmt": _on_table("trigger", "relation"),
    "CreatePolicyStmt": _on_table("policy", "table"),
    "RuleStmt": _on_table("rule", "relation"),
    "GrantStmt": _grant,
    "DropStmt": _drop,
    "RenameStmt": _rename,
    "AlterEnumStmt": _alter_enum,
    "AlterTableStmt": _alter_table,
    "VariableSetStmt": _set,
    "SelectStmt": _select,
    "InsertStmt": lambda statement, made: _unsure(f"INSERT into {_shown(statement.relation)}: data changes"),
    "UpdateStmt": lambda statement, made: _unsure(f"UPDATE of {_shown(statement.relation)}: data changes"),
    "DeleteStmt": lambda statement, made: _unsure(f"DELETE in {_shown(statement.relation)}: data changes"),
    "MergeStmt": lambda statement, made: _unsure(f"MERGE into {_shown(statement.relation)}: data changes"),
    "TruncateStmt": lambda statement, made: _unsure("TRUNCATE: data changes"),
    "CopyStmt": lambda statement, made: _unsure("COPY: data changes"),
    "DoStmt": lambda statement, made: _unsure("a DO block"),
    "CallStmt": lambda statement, made: _unsure("a procedure call"),
}
