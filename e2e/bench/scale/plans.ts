import type pg from 'pg';

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  'Rows Removed by Join Filter'?: number;
  'Shared Hit Blocks'?: number;
  'Shared Read Blocks'?: number;
  Plans?: PlanNode[];
}

export interface ExecutedPlan {
  query: string;
  ms: number;
  /** That scans of tables read, whether or not a filter let them through. */
  rows_read: number;
  /** That it returned, and that it wrote. */
  rows_made: number;
  buffers: number;
  plan: PlanNode;
}

const FEW_BLOCKS = 64;
const CHUNK_BYTES = 4 * 1_024 * 1_024;

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

const times = (node: PlanNode, count: number | undefined): number =>
  (count ?? 0) * (node['Actual Loops'] ?? 1);

const blocksRead = (node: PlanNode): number =>
  (node['Shared Hit Blocks'] ?? 0) + (node['Shared Read Blocks'] ?? 0);

/** Postgres rightly reads a table of few pages as a whole. */
const isSmallTable = (node: PlanNode): boolean =>
  node['Node Type'] === 'Seq Scan' && blocksRead(node) <= FEW_BLOCKS * (node['Actual Loops'] ?? 1);

const rowsRead = (node: PlanNode): number =>
  node['Relation Name'] === undefined || !node['Node Type'].includes('Scan') || isSmallTable(node)
    ? 0
    : times(node, node['Actual Rows']) +
      times(node, node['Rows Removed by Filter']) +
      times(node, node['Rows Removed by Index Recheck']);

const rowsWritten = (node: PlanNode): number =>
  node['Node Type'] === 'ModifyTable'
    ? (node.Plans ?? []).reduce((sum, child) => sum + times(child, child['Actual Rows']), 0)
    : 0;

const sum = (nodes: readonly PlanNode[], of: (node: PlanNode) => number): number =>
  Math.round(nodes.reduce((total, node) => total + of(node), 0));

const MESSAGE = /^duration: ([\d.]+) ms {2}plan:\s*/;

/** Reads what auto_explain wrote as JSON into one line of Postgres's log; undefined: something else. */
const toPlan = (line: string): ExecutedPlan | undefined => {
  const { message = '' } = JSON.parse(line) as { message?: string };
  const [head, ms] = MESSAGE.exec(message) ?? [];
  if (head === undefined) return undefined;
  const explained = JSON.parse(message.slice(head.length)) as { 'Query Text': string; Plan: PlanNode };
  const { Plan: plan } = explained;
  const nodes = nodesOf(plan);
  return {
    query: explained['Query Text'].replace(/\s+/g, ' ').trim(),
    ms: Number(ms),
    rows_read: sum(nodes, rowsRead),
    rows_made: Math.round(times(plan, plan['Actual Rows'])) + sum(nodes, rowsWritten),
    buffers: blocksRead(plan),
    plan,
  };
};

/** Everything that Postgres executed where auto_explain is on. @param client a superuser's */
export async function* readPlans(client: pg.Client): AsyncGenerator<ExecutedPlan> {
  let rest = Buffer.alloc(0);
  for (let offset = 0; ; offset += CHUNK_BYTES) {
    const { rows } = await client.query<{ bytes: Buffer }>(
      `SELECT pg_read_binary_file(pg_current_logfile('jsonlog'), $1, $2, true) AS bytes`,
      [offset, CHUNK_BYTES],
    );
    const bytes = rows[0]?.bytes ?? Buffer.alloc(0);
    rest = Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      const plan = toPlan(rest.subarray(0, end).toString());
      if (plan !== undefined) yield plan;
      rest = rest.subarray(end + 1);
    }
    if (bytes.length < CHUNK_BYTES) return;
  }
}
