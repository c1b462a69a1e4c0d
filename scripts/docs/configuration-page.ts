import { readVariables, type Variable } from './variables.ts';

/** What an operator has to set, or should think about, before the first start. */
const FIRST = [
  ...['DATABASE_URL', 'NATS_URL'],
  ...['S3_ENDPOINT', 'S3_PUBLIC_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'],
  ...['AUTH_JWT_SECRET', 'AUTH_JWKS_URL', 'AUTH_ISSUER', 'AUTH_AUDIENCE', 'TOKEN_SECRETS'],
  ...['PUBLIC_URL', 'GATEWAY_PUBLIC_URL', 'CORS_ORIGINS', 'TRUSTED_PROXY_HOPS', 'CONVERSATION_ADMIN'],
  ...['SCAN_POLICY', 'CLAMAV_HOST', 'DOWNLOAD_MODE', 'MAX_UPLOAD_BYTES', 'USER_QUOTA_BYTES'],
];

const HEAD = `# Configuration

Written by \`npm run docs\` from the schemas that check the variables.

Every process reads its environment in one place, reports all problems at once, and exits with 78 if there are any. An empty variable counts as not set. A duration is \`500ms\`, \`30s\`, \`2m\`, \`24h\` or \`30d\`. Sizes are whole numbers of bytes. \`claimcheck doctor\` checks that what is configured works.

With Compose, put variables into \`infra/settings.env\`; in the chart, into \`settings\` ([values](../infra/helm/claimcheck/VALUES.md)).
`;

const TAIL = `## Read by others

Claimcheck's processes do not read these themselves. For \`npm start\`, \`GATEWAY_DATABASE_URL\` names a database role that only reads.

| variable | used by | means |
|---|---|---|
| \`MALLOC_ARENA_MAX\` | worker | Read by glibc. Without it, pictures that are decoded in many threads leave the process 150 MiB larger. Image and \`npm start\` set 2. |
| \`NODE_OPTIONS\` | api, gateway | Chart and compose file set \`--max-semi-space-size=4\` for the gateway and \`8\` for the api: a third less memory for idle connections ([decision](decisions/0006-gateway.md)), a fifth less for thousands of slow uploads ([decision](decisions/0003-upload-store.md)). |
| \`CLAIMCHECK_DATA_DIR\`, \`CLAIMCHECK_CACHE_DIR\` | \`npm start\`, tests | Folder of the data (\`.claimcheck\`), and of compiled server programs (\`~/.cache/claimcheck\`). |
`;

/** Returns docs/configuration.md. */
export const configurationPage = (): string => {
  const variables = readVariables();
  const first = FIRST.map((name) => {
    const found = variables.find((variable) => variable.name === name);
    if (found === undefined) throw new Error(`no process reads ${name}`);
    return found;
  });
  const rest = variables.filter(({ name }) => !FIRST.includes(name));
  return [
    HEAD,
    '## To set first\n',
    ...table(first),
    '\n## Advanced\n',
    'The defaults suit most installations. Two processes may use one variable for their own purpose: `MAX_ATTEMPTS` counts deliveries in every process, and attempts of the sweeper in the api.\n',
    ...table(rest.toSorted((one, other) => (one.name < other.name ? -1 : 1))),
    '',
    TAIL,
  ].join('\n');
};

const table = (variables: readonly Variable[]): string[] => [
  '| variable | default | takes | used by | means |',
  '|---|---|---|---|---|',
  ...variables.map(row),
];

const row = (variable: Variable): string => {
  const { name, usedBy, takes } = variable;
  const cells = [`\`${name}\``, defaultOf(variable), takes, usedBy.join(', '), descriptionOf(variable)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
};

const descriptionOf = ({ descriptions }: Variable): string => {
  const [only = '', ...others] = new Set(descriptions.values());
  if (others.length === 0) return only;
  return [...descriptions].map(([process, text]) => `${process}: ${text}`).join(' ');
};

const defaultOf = ({ defaults }: Variable): string => {
  const distinct = new Set(defaults.values());
  if (distinct.size <= 1) return [...distinct][0] ?? '';
  return [...defaults].map(([process, text]) => `${text} (${process})`).join(', ');
};
