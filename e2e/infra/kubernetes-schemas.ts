import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { z } from 'zod';
import { pythonEnvironment } from '../clients/python/python-environment.ts';

const REQUIREMENTS = fileURLToPath(new URL('./python/requirements.txt', import.meta.url));
const SCRIPT = fileURLToPath(new URL('./python/validate.py', import.meta.url));

/** Kinds of other projects: Kubernetes has no schema for them. */
export const FOREIGN_KINDS: readonly string[] = [
  'BackendTrafficPolicy',
  'ExternalSecret',
  'HTTPRoute',
  'PodMonitor',
  'Probe',
  'PrometheusRule',
  'ScaledObject',
  'ServiceMonitor',
];

const report = z.object({
  /** `kind/name` of each validated manifest. */
  validated: z.array(z.string()),
  /** Kinds outside Kubernetes. */
  unknown: z.array(z.string()),
  problems: z.array(z.string()),
});

/** Validates manifests against the schemas of several versions of Kubernetes, strictly. @param text YAML */
export const validateManifests = async (
  text: string,
  versions: readonly string[],
): Promise<z.infer<typeof report>> => {
  const python = await pythonEnvironment(REQUIREMENTS);
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-manifests-'));
  try {
    const file = join(folder, 'manifests.yaml');
    await writeFile(file, text);
    return report.parse(
      JSON.parse(await runCommand(python, [SCRIPT, file, ...versions], { env: process.env })),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
