import type { Aftermath } from './aftermath.ts';
import type { Violation } from './violation.ts';

const MIB = 1_024 ** 2;

/**
 * Growth since the start that counts as none. Memory: V8 releases it late, and keeps more after its first work. Descriptors
 * and connections: pools keep some.
 */
const ALLOWANCES: Record<string, number> = {
  memory_bytes: 256 * MIB,
  descriptors: 60,
  database_connections: 25,
};

/** F: memory, descriptors, temp files, connections and open multipart uploads return to the start. */
export const checkResources = (resources: Aftermath['resources']): Violation[] => {
  if (resources === undefined) return [];
  const { before, after } = resources;
  return Object.entries(after).flatMap(([name, now]): Violation[] => {
    const resource = name.split(' ').at(-1) ?? name;
    const limit = (before[name] ?? 0) + (ALLOWANCES[resource] ?? 0);
    return now <= limit
      ? []
      : [{ invariant: 'F', what: `${name}: ${now} after, ${before[name] ?? 0} before` }];
  });
};
