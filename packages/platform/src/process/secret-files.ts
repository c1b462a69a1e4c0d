import { readFileSync } from 'node:fs';
import { ConfigError } from './config-error.ts';
import type { Environment } from './environment.ts';

/** Variables that may name a file in `<variable>_FILE`: mounted Secrets, agents of a vault. */
export const SECRET_VARIABLES = [
  'DATABASE_URL',
  'GATEWAY_DATABASE_URL',
  'PGPASSWORD',
  'NATS_URL',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
  'S3_SESSION_TOKEN',
  'AUTH_JWT_SECRET',
  'TOKEN_SECRETS',
  'CDN_SIGNING_KEY',
  'WEBHOOK_SECRET',
  'OTEL_EXPORTER_OTLP_HEADERS',
] as const;

const filesIn = (env: Environment): [variable: string, path: string][] =>
  SECRET_VARIABLES.flatMap((variable) => {
    const path = env[`${variable}_FILE`];
    return path === undefined || path === '' ? [] : [[variable, path]];
  });

const readOne = (variable: string, path: string, problems: string[]): string => {
  try {
    // Editors and `echo` end a file with a line break.
    const content = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    if (content === '') problems.push(`${variable}_FILE: the file is empty`);
    return content;
  } catch (error) {
    problems.push(`${variable}_FILE: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`);
    return '';
  }
};

/** Replaces file names by the content of the files. @throws ConfigError that names every unreadable file */
export const withSecretFiles = (env: Environment): Environment => {
  const problems: string[] = [];
  const found = filesIn(env).map(([variable, path]) => {
    if (env[variable] !== undefined && env[variable] !== '')
      problems.push(`${variable}: set either ${variable} or ${variable}_FILE`);
    return [variable, readOne(variable, path, problems)] as const;
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return found.length === 0 ? env : { ...env, ...Object.fromEntries(found) };
};

interface WatchOptions {
  env: Environment;
  /** Called with the variables whose files have new content. */
  onChange: (variables: string[]) => void;
  everyMs?: number;
}

const EVERY_MS = 10_000;

/**
 * Watches the files of secrets by reading their content: a mounted Secret is replaced by changing a link, which file system
 * notifications miss.
 *
 * @returns a function that ends it
 */
export const watchSecretFiles = ({ env, onChange, everyMs = EVERY_MS }: WatchOptions): (() => void) => {
  const files = filesIn(env);
  if (files.length === 0) return () => {};
  // A file that is missing counts as empty: its configuration is refused, and the former one stays.
  const contents = () => new Map(files.map(([variable, path]) => [variable, readOne(variable, path, [])]));
  let known = contents();
  const timer = setInterval(() => {
    const found = contents();
    const changed = [...found.keys()].filter((variable) => found.get(variable) !== known.get(variable));
    if (changed.length === 0) return;
    known = found;
    onChange(changed);
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
};
