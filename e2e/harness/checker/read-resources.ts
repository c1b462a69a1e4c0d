import { readdir } from 'node:fs/promises';
import type { Database } from '@claimcheck/database/database';
import type { Bucket } from '../bucket.ts';
import type { Resources } from './aftermath.ts';

const METRICS = {
  process_resident_memory_bytes: 'memory_bytes',
  process_open_fds: 'descriptors',
} as const;

const readMetrics = async (name: string, adminUrl: string): Promise<[string, number][]> => {
  const lines = (await (await fetch(`${adminUrl}/metrics`)).text()).split('\n');
  return Object.entries(METRICS).flatMap(([metric, resource]): [string, number][] => {
    const line = lines.find((candidate) => candidate.startsWith(`${metric} `));
    return line === undefined ? [] : [[`${name} ${resource}`, Number(line.split(' ')[1])]];
  });
};

/** Counts files below a folder, but no folders, since a process has one while it runs. */
const countFiles = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
};

/** Reads the resources of the processes, and of servers on their behalf. */
export const readResources = async (where: {
  adminUrls: Record<string, string>;
  database: Database;
  bucket: Bucket;
  mediaObjectIds: readonly string[];
  tempDir?: string | undefined;
}): Promise<Resources> => {
  const resources: Resources = {};
  for (const [name, url] of Object.entries(where.adminUrls))
    for (const [resource, value] of await readMetrics(name, url)) resources[resource] = value;
  const [connections] = await where.database.client.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database()`;
  resources['all database_connections'] = connections?.count ?? 0;
  let open = 0;
  for (const id of where.mediaObjectIds) open += (await where.bucket.openUploads(id)).length;
  resources['open multipart_uploads'] = open;
  if (where.tempDir !== undefined) resources['worker temp_files'] = await countFiles(where.tempDir);
  return resources;
};
