/** `skipped`: not checked, because something else is broken or nothing reports it. */
export const VERDICTS = ['ok', 'warning', 'failed', 'skipped'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One line of the doctor. */
export interface Check {
  /** The subject of the check. Scripts may rely on it. */
  name: string;
  verdict: Verdict;
  /** False only for a failed check. */
  ok: boolean;
  detail: string;
  /** The remedy, unless the check passed. */
  fix?: string;
}

export const passed = (name: string, detail: string): Check => ({ name, verdict: 'ok', ok: true, detail });

/** It works now, but will fail later or for some clients. */
export const warned = (name: string, detail: string, fix: string): Check => ({
  name,
  verdict: 'warning',
  ok: true,
  detail,
  fix,
});

export const failed = (name: string, detail: string, fix: string): Check => ({
  name,
  verdict: 'failed',
  ok: false,
  detail,
  fix,
});

export const skipped = (name: string, detail: string, fix?: string): Check => ({
  name,
  verdict: 'skipped',
  ok: true,
  detail,
  ...(fix === undefined ? {} : { fix }),
});
