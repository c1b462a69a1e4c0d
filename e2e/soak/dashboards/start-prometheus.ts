import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@claimcheck/local-stack/free-port';
import { startProcess } from '@claimcheck/local-stack/managed-process';
import { z } from 'zod';
import { systemProgram } from '../../harness/system-program.ts';

/** A line of a panel: [seconds since the epoch, value]. */
export interface Series {
  labels: Record<string, string>;
  points: [number, number][];
}

export interface Prometheus {
  /** @throws Error when Prometheus does not take the expression */
  queryRange(expression: string, range: { start: number; end: number; step: number }): Promise<Series[]>;
  stop(): Promise<void>;
}

const answer = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
});

/** @param targets app → its admin URL; scraped every second */
export const startPrometheus = async (targets: Readonly<Record<string, string>>): Promise<Prometheus> => {
  const program = await systemProgram({
    programs: ['prometheus'],
    aptPackage: 'prometheus',
    purpose: 'pictures of the dashboards',
  });
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-prometheus-'));
  const configs = Object.entries(targets).map(([app, url]) => ({
    targets: [new URL(url).host],
    labels: { app },
  }));
  const config = join(folder, 'prometheus.yaml');
  // JSON is YAML.
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'claimcheck', static_configs: configs }],
    }),
  );
  const url = `http://127.0.0.1:${await freePort()}`;
  const service = await startProcess({
    name: 'prometheus',
    command: program,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
    ],
    cwd: folder,
    env: { PATH: process.env.PATH ?? '' },
    ready: async () => (await fetch(`${url}/-/ready`)).ok,
    timeoutMs: 30_000,
  });
  return {
    queryRange: async (expression, { start, end, step }) => {
      const query = new URLSearchParams({
        query: expression,
        start: String(start),
        end: String(end),
        step: String(step),
      });
      const response = await fetch(`${url}/api/v1/query_range?${query}`);
      if (!response.ok) throw new Error(`${expression}: ${await response.text()}`);
      return answer.parse(await response.json()).data.result.map(({ metric, values }) => ({
        labels: metric,
        points: values.map(([time, value]) => [time, Number(value)]),
      }));
    },
    stop: async () => {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
