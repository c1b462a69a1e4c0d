import { z } from 'zod';
import type { Manifest } from './helm.ts';

const variable = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z.object({ secretKeyRef: z.object({ name: z.string(), key: z.string() }) }).optional(),
});
const probe = z.looseObject({ httpGet: z.object({ path: z.string(), port: z.string() }) });
const container = z.looseObject({
  image: z.string(),
  command: z.array(z.string()),
  env: z.array(variable),
  startupProbe: probe.optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  lifecycle: z.object({ preStop: z.object({ sleep: z.object({ seconds: z.number() }) }) }).optional(),
  securityContext: z.looseObject({}),
});
const podSpec = z.looseObject({
  volumes: z.array(z.looseObject({ name: z.string() })),
  automountServiceAccountToken: z.boolean(),
  enableServiceLinks: z.boolean(),
  terminationGracePeriodSeconds: z.number().optional(),
  securityContext: z.looseObject({}),
  tolerations: z.array(z.unknown()).optional(),
  containers: z.tuple([container]).rest(z.looseObject({ name: z.string() })),
  initContainers: z.array(z.looseObject({ name: z.string() })).default([]),
  serviceAccountName: z.string().optional(),
});
const template = z.looseObject({ template: z.looseObject({ spec: podSpec }) });
const workload = z.looseObject({ spec: template });
const cronJob = z.looseObject({ spec: z.looseObject({ jobTemplate: workload }) });

export type PodSpec = z.infer<typeof podSpec>;
export type Container = z.infer<typeof container>;

/** Finds the workload of a Deployment, a Job, a CronJob or a Pod. */
export const podOf = (manifest: Manifest): PodSpec => {
  if (manifest.kind === 'Pod') return podSpec.parse(manifest.spec);
  const job = manifest.kind === 'CronJob' ? cronJob.parse(manifest).spec.jobTemplate : manifest;
  return workload.parse(job).spec.template.spec;
};

/** Returns the container of the process itself; sidecars come after it. */
export const containerOf = (manifest: Manifest): Container => podOf(manifest).containers[0];

/** Returns the environment that the process sees; `secrets` returns a Secret's value by its key. */
export const environmentOf = (
  manifest: Manifest,
  secrets: Readonly<Record<string, string>>,
): Record<string, string> =>
  Object.fromEntries(
    containerOf(manifest).env.map(({ name, value, valueFrom }) => {
      const key = valueFrom?.secretKeyRef.key;
      const held = key === undefined ? value : secrets[key];
      if (held === undefined) throw new Error(`${name} has no value: no secret ${key} is expected`);
      return [name, held];
    }),
  );
