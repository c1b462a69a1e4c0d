import { runClaimcheck } from './run-to-end.ts';

/** Lines about what a store must be able to do. */
export const STORE_CAPABILITIES = [
  'conditional PUT',
  'multipart uploads',
  'conditional Complete',
  'aborted uploads',
  'part copies',
  'ranges',
  'deletes',
];

interface DoctorLine {
  name: string;
  verdict: 'ok' | 'warning' | 'failed' | 'skipped';
  ok: boolean;
  detail: string;
  fix?: string;
}

export interface DoctorReport {
  code: number;
  ok: boolean;
  checks: DoctorLine[];
  /** Returns the line of that name. @throws when there is none */
  line(name: string): DoctorLine;
  /** `name: detail` of each failed check. */
  broken: string[];
}

/** Runs `claimcheck doctor --json` as an operator does. @throws when it prints nothing */
export const runDoctor = async (env: Record<string, string>, ...args: string[]): Promise<DoctorReport> => {
  const { code, out, error } = await runClaimcheck(env, 'doctor', '--json', '--timeout', '5', ...args);
  if (out === '') throw new Error(error);
  const { ok, checks }: { ok: boolean; checks: DoctorLine[] } = JSON.parse(out);
  return {
    code,
    ok,
    checks,
    line: (name) => {
      const found = checks.find((check) => check.name === name);
      if (found === undefined) throw new Error(`no line ${name} in ${out}`);
      return found;
    },
    broken: checks.filter((check) => !check.ok).map(({ name, detail }) => `${name}: ${detail}`),
  };
};
