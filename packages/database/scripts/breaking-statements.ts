import { type AlterTableCmd, type ColumnDef, type Node, parse } from 'libpg-query';

/** A migration that removes what an earlier release has stopped using must say so, and why that is safe now. */
const CONTRACT = /^-- contract: \S.{10,}$/m;

/** Changes that an old process does not notice, because it names its columns and writes none that it does not know. */
const HARMLESS = [
  'CreateEnumStmt',
  'CreateFunctionStmt',
  'InsertStmt',
  'UpdateStmt',
  'CommentStmt',
  'SelectStmt',
];
const HARMLESS_CHANGES = [
  'AT_DropNotNull',
  'AT_DropConstraint',
  'AT_ValidateConstraint',
  'AT_SetStatistics',
  // Storage parameters such as fillfactor.
  'AT_SetRelOptions',
];

const constraintsOf = (column: ColumnDef): string[] =>
  (column.constraints ?? []).flatMap((node) =>
    'Constraint' in node && node.Constraint.contype !== undefined ? [node.Constraint.contype] : [],
  );

const problemOfColumn = (column: ColumnDef): string | undefined => {
  const constraints = constraintsOf(column);
  const name = `column ${column.colname}`;
  if (constraints.includes('CONSTR_NOTNULL') && !constraints.includes('CONSTR_DEFAULT'))
    return `adds ${name} NOT NULL without a default: old processes do not write it`;
  const strict = constraints.find(
    (one) => !['CONSTR_NOTNULL', 'CONSTR_NULL', 'CONSTR_DEFAULT'].includes(one),
  );
  return strict === undefined ? undefined : `adds ${name} with ${strict}: old processes do not keep to it`;
};

const problemOfChange = (change: AlterTableCmd): string | undefined => {
  const { subtype = 'an unknown change', name, def } = change;
  if (HARMLESS_CHANGES.includes(subtype)) return undefined;
  if (subtype === 'AT_ColumnDefault' && def !== undefined) return undefined;
  if (subtype === 'AT_AddColumn' && def !== undefined && 'ColumnDef' in def)
    return problemOfColumn(def.ColumnDef);
  return [subtype, name].filter((part) => part !== undefined).join(' ');
};

/** @param created tables of this migration itself, which no old process knows */
const problemsOf = (statement: Node, created: ReadonlySet<string>): string[] => {
  if ('AlterTableStmt' in statement) {
    const { relation, cmds = [] } = statement.AlterTableStmt;
    if (created.has(relation?.relname ?? '')) return [];
    return cmds
      .flatMap((node) => ('AlterTableCmd' in node ? [problemOfChange(node.AlterTableCmd)] : []))
      .filter((problem) => problem !== undefined)
      .map((problem) => `${relation?.relname}: ${problem}`);
  }
  if ('IndexStmt' in statement) {
    const { relation, unique, idxname } = statement.IndexStmt;
    return unique === true && !created.has(relation?.relname ?? '')
      ? [`${relation?.relname}: unique index ${idxname}: old processes do not keep to it`]
      : [];
  }
  if ('CreateTrigStmt' in statement) {
    const { relation, trigname } = statement.CreateTrigStmt;
    return created.has(relation?.relname ?? '') ? [] : [`${relation?.relname}: trigger ${trigname}`];
  }
  if ('AlterEnumStmt' in statement) {
    const { oldVal } = statement.AlterEnumStmt;
    return oldVal === undefined ? [] : [`renames the value ${oldVal} of a type`];
  }
  const [kind = 'nothing'] = Object.keys(statement);
  return HARMLESS.includes(kind) || kind === 'CreateStmt' ? [] : [kind];
};

/**
 * Finds statements of a migration that break processes of the previous release, which run until the rolling restart ends:
 * statements that remove, rename or tighten something. Postgres' own parser reads them; a statement that is not known to be
 * harmless is refused.
 *
 * @returns sentences for a person; none for a migration with a line `-- contract: <why it is safe now>`
 * @throws when it is not SQL
 */
export const breakingStatements = async (sql: string): Promise<string[]> => {
  const statements = ((await parse(sql)).stmts ?? []).flatMap(({ stmt }) =>
    stmt === undefined ? [] : [stmt],
  );
  if (CONTRACT.test(sql)) return [];
  const created = new Set(
    statements.flatMap((statement) =>
      'CreateStmt' in statement ? [statement.CreateStmt.relation?.relname ?? ''] : [],
    ),
  );
  return statements.flatMap((statement) => problemsOf(statement, created));
};
