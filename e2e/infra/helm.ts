import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findProgram, type ProgramSpec } from '@claimcheck/local-stack/find-program';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

const helmProgram: ProgramSpec = {
  name: 'helm',
  module: 'helm.sh/helm/v3/cmd/helm',
  version: 'v3.22.0',
  howToGet: 'Install Go (https://go.dev/dl) or helm 3 (https://helm.sh/docs/intro/install).',
};
export const CHART = fileURLToPath(new URL('../../infra/helm/claimcheck', import.meta.url));
const OUTPUT_BYTES = 16 * 1024 * 1024;

/** The parts of a manifest that the tests read. */
const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});
export type Manifest = z.infer<typeof manifest>;

const run = promisify(execFile);

const helm = async (...args: string[]): Promise<string> => {
  const onProgress = (line: string) => process.stderr.write(`${line}\n`);
  const command = await findProgram(helmProgram, { env: process.env, onProgress });
  const { stdout } = await run(command, args, { maxBuffer: OUTPUT_BYTES });
  return stdout;
};

const valuesArguments = (files: readonly string[]): string[] => files.flatMap((file) => ['--values', file]);

export const lintChart = (...valuesFiles: string[]): Promise<string> =>
  helm('lint', '--strict', CHART, '--kube-version', '1.34', ...valuesArguments(valuesFiles));

/** @param options `also`: further values files; `sets`: as for `--set`; @throws with helm's message, also for values that break the schema */
export const renderChart = async (
  valuesFile: string,
  options: { kubeVersion?: string; sets?: string[]; also?: string[] } = {},
): Promise<{ text: string; manifests: Manifest[] }> => {
  const sets = (options.sets ?? []).flatMap((set) => ['--set', set]);
  const version = options.kubeVersion ?? '1.34';
  const text = await helm(
    'template',
    'cc',
    CHART,
    '--kube-version',
    version,
    ...valuesArguments([valuesFile, ...(options.also ?? [])]),
    ...sets,
  );
  const documents = parseAllDocuments(text, { merge: true });
  const found = documents.map((document) => document.toJS()).filter((content) => content !== null);
  return { text, manifests: found.map((content) => manifest.parse(content)) };
};
