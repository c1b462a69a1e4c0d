import { appendFileSync } from 'node:fs';
import type { Environment } from '@claimcheck/platform/process/environment';

/** Returns what writes audit lines: into the file that AUDIT_FILE names, or like errors. */
export const auditWriter = (
  { AUDIT_FILE: file }: Environment,
  error: (text: string) => void,
): ((line: string) => void) => {
  if (file === undefined || file === '') return error;
  return (line) => {
    try {
      appendFileSync(file, line);
    } catch {
      // The action is done. A file that cannot be written must not hide it.
      error(line);
    }
  };
};
