import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { RenderedChart } from './chart/rendered-chart.ts';
import { IN_FRONT, SECRETS, VALUES } from './chart-values.ts';
import { lintChart, type Manifest, renderChart } from './helm.ts';
import { validateManifests } from './kubernetes-schemas.ts';
import { promtool } from './promtool.ts';
import { startToConfiguration } from './start-to-configuration.ts';
import { containerOf, environmentOf, podOf } from './workload.ts';

/** Compiling helm on a busy machine takes minutes. */
const HELM_PATIENCE_MS = 600_000;
const PARTS = ['-api', '-background', '-gateway', '-worker-media', '-worker-transcode'];

const { render, ofKind, named, workloads } = new RenderedChart();
beforeAll(render, HELM_PATIENCE_MS);

const templateOf = (manifest: Manifest) =>
  z
    .looseObject({
      template: z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }) }),
    })
    .parse(manifest.spec).template;
const namesIn = (list: unknown): string[] =>
  z
    .array(z.looseObject({ name: z.string() }))
    .default([])
    .parse(list)
    .map(({ name }) => name);

describe('the pod block', () => {
  test('every pod, jobs included, gets the volumes, mounts, variables and placement of all pods', () => {
    const all = workloads('adapted');
    expect(all).toHaveLength(PARTS.length + 3);
    for (const manifest of all) {
      const pod = podOf(manifest);
      const where = manifest.metadata.name;
      expect(namesIn(pod.volumes), where).toEqual(expect.arrayContaining(['tmp', 'shared', 'trusted-ca']));
      expect(pod, where).toMatchObject({
        hostAliases: [{ ip: '10.0.0.9' }],
        priorityClassName: where.endsWith('-api') ? 'highest' : 'high',
        dnsConfig: { options: [{ name: 'ndots' }] },
      });
      const container = containerOf(manifest);
      expect(namesIn(container.volumeMounts), where).toEqual(
        expect.arrayContaining(['shared', 'trusted-ca']),
      );
      expect(container, where).toMatchObject({ envFrom: [{ configMapRef: { name: 'shared' } }] });
      expect(environmentOf(manifest, SECRETS), where).toMatchObject({
        HTTPS_PROXY: 'http://proxy:3128',
        NODE_EXTRA_CA_CERTS: '/etc/claimcheck/ca/root.pem',
      });
      expect(namesIn(pod.initContainers), where).toEqual(['wait']);
    }
  });

  test("a part's own values are added to those of all pods, or replace them", () => {
    const api = named('adapted', 'Deployment', '-api');
    expect(namesIn(podOf(api).volumes)).toEqual(['tmp', 'trusted-ca', 'shared', 'own']);
    expect(templateOf(api).metadata.labels).toMatchObject({
      'app.kubernetes.io/instance': 'cc',
      team: 'media',
      tier: 'front',
    });
    expect(api.metadata.annotations).toEqual({ 'example.org/owner': 'media' });
    expect(containerOf(api).livenessProbe).toEqual({
      httpGet: { path: '/healthz', port: 'admin' },
      periodSeconds: 20,
      timeoutSeconds: 5,
      failureThreshold: 6,
    });
    expect(podOf(api).topologySpreadConstraints).toEqual([
      expect.objectContaining({
        topologyKey: 'topology.kubernetes.io/zone',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: (api.spec as { selector: object }).selector,
      }),
    ]);
    expect(api.spec).toMatchObject({ revisionHistoryLimit: 5 });
  });

  test("the operator's NODE_OPTIONS replaces the chart's, once", () => {
    const { env } = containerOf(named('adapted', 'Deployment', '-api'));
    expect(env.filter(({ name }) => name === 'NODE_OPTIONS')).toEqual([
      { name: 'NODE_OPTIONS', value: '--max-old-space-size=700' },
    ]);
    for (const manifest of workloads('keda')) {
      const names = containerOf(manifest).env.map(({ name }) => name);
      expect(names).toEqual([...new Set(names)]);
    }
  });

  test('a sidecar runs next to permanent processes, and no job waits for its end', () => {
    const withSidecar = workloads('adapted').filter((one) => podOf(one).containers.length > 1);
    expect(withSidecar.map(({ kind }) => kind)).toEqual(PARTS.map(() => 'Deployment'));
  });

  test('services, budgets and autoscalers accept the settings of clouds', () => {
    expect(named('adapted', 'Service', '-api').spec).toMatchObject({
      loadBalancerClass: 'service.k8s.aws/nlb',
      externalTrafficPolicy: 'Local',
      ports: [{ nodePort: 30080 }],
    });
    expect(named('adapted', 'PodDisruptionBudget', '-gateway').spec).toMatchObject({ minAvailable: 1 });
    expect(named('adapted', 'HorizontalPodAutoscaler', '-api').spec).toMatchObject({
      behavior: { scaleDown: { stabilizationWindowSeconds: 600 } },
    });
    expect(podOf(named('adapted', 'Deployment', '-worker-transcode')).volumes).toContainEqual({
      name: 'jobs',
      ephemeral: expect.anything(),
    });
  });
});

describe('identities', () => {
  const accountOf = (values: keyof typeof VALUES, kind: string, end: string) =>
    podOf(named(values, kind, end)).serviceAccountName;

  test('each component has an account, so that the worker can have a smaller role', () => {
    const roles = Object.fromEntries(
      ofKind('adapted', 'ServiceAccount').map(({ metadata }) => [
        metadata.name,
        metadata.annotations?.['eks.amazonaws.com/role-arn']?.split('/')[1],
      ]),
    );
    expect(roles).toEqual({
      'cc-claimcheck-api': 'media',
      'cc-claimcheck-background': 'media',
      'cc-claimcheck-gateway': 'media',
      'cc-claimcheck-reconcile': 'media',
      'cc-claimcheck-worker': 'media-worker',
      migrator: 'media',
    });
    for (const end of ['-worker-media', '-worker-transcode'])
      expect(accountOf('adapted', 'Deployment', end)).toBe('cc-claimcheck-worker');
    for (const manifest of workloads('adapted'))
      expect(Object.keys(roles)).toContain(podOf(manifest).serviceAccountName);
  });

  test('existing accounts are used, and none is created', () => {
    expect(ofKind('keyless', 'ServiceAccount')).toEqual([]);
    expect(accountOf('keyless', 'Deployment', '-api')).toBe('media');
    expect(accountOf('keyless', 'Deployment', '-worker-media')).toBe('media-worker');
  });

  test('without a Secret for the store no pod has keys', () => {
    for (const manifest of workloads('keyless')) {
      const env = environmentOf(manifest, SECRETS);
      expect(env).not.toHaveProperty('S3_ACCESS_KEY_ID');
      expect(env).not.toHaveProperty('S3_SECRET_ACCESS_KEY');
    }
  });
});

describe('migrations', () => {
  test('the hook finds its account and its network policy', () => {
    const job = named('adapted', 'Job', '-migrations');
    expect(podOf(job).serviceAccountName).toBe('migrator');
    const weights = [
      named('adapted', 'ServiceAccount', 'migrator'),
      named('adapted', 'NetworkPolicy', '-migrations'),
      job,
    ].map(({ metadata }) => Number(metadata.annotations?.['helm.sh/hook-weight']));
    expect(weights).toEqual([-2, -1, 0]);
    expect(z.looseObject({ template: z.unknown() }).parse(job.spec).template).toMatchObject({
      metadata: { annotations: { 'sidecar.istio.io/inject': 'false' } },
    });
  });

  test('a plain Job belongs to the release and has a name for each image', async () => {
    const [job] = ofKind('keyless', 'Job');
    expect(job?.metadata.annotations).toBeUndefined();
    const { manifests } = await renderChart(VALUES.keyless, { sets: ['image.tag=0.2.0'] });
    const next = manifests.find(({ kind }) => kind === 'Job');
    expect(next?.metadata.name).not.toBe(job?.metadata.name);
    expect(named('keyless', 'NetworkPolicy', '-migrations').metadata.annotations).toBeUndefined();
  });

  test('as an init container they run in each pod that writes, and in no other', () => {
    expect(ofKind('tryOut', 'Job')).toEqual([]);
    const first = (end: string) => namesIn(podOf(named('tryOut', 'Deployment', end)).initContainers);
    expect([first('-api'), first('-gateway'), first('-worker-all')]).toEqual([['migrations'], [], []]);
  });
});

test('helm test runs the doctor with the environment of the api', async () => {
  const pod = named('small', 'Pod', '-doctor');
  expect(pod.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'test' });
  const { ROLES: _, ...ofTheApi } = environmentOf(named('small', 'Deployment', '-api'), SECRETS);
  expect(environmentOf(pod, SECRETS)).toMatchObject(ofTheApi);
  const [, script = '', ...args] = containerOf(pod).command;
  const { code, said } = await startToConfiguration(script, environmentOf(pod, SECRETS), [
    ...args,
    '--timeout',
    '1',
  ]);
  expect(said).not.toContain('The configuration is not valid');
  expect(code).toBe(1);
}, 60_000);

describe('the try-out', () => {
  test('it brings every server that it names, and its apps accept the values of its Secret', async () => {
    const services = ofKind('tryOut', 'Service').map(({ metadata }) => metadata.name);
    const [secret] = ofKind('tryOut', 'Secret');
    const { stringData } = z.looseObject({ stringData: z.record(z.string(), z.string()) }).parse(secret);
    for (const name of ['DATABASE_URL', 'NATS_URL_API'])
      expect(services).toContain(new URL(stringData[name] ?? '').hostname);
    for (const end of ['-api', '-gateway', '-worker-all']) {
      const deployment = named('tryOut', 'Deployment', end);
      const env = environmentOf(deployment, stringData);
      if (env.S3_ENDPOINT !== undefined) expect(services).toContain(new URL(env.S3_ENDPOINT).hostname);
      const [, script = ''] = containerOf(deployment).command;
      const { code, said } = await startToConfiguration(script, env);
      expect(said).not.toContain('The configuration is not valid');
      expect(code, end).toBe(1);
    }
  }, 60_000);

  test('its api serves the demo and lets visitors in', () => {
    const env = environmentOf(named('tryOut', 'Deployment', '-api'), SECRETS);
    expect(env).toMatchObject({ DEV_LOGIN: 'true', WEB_DIR: 'apps/web/dist', DOWNLOAD_MODE: 'proxy' });
  });
});

describe.each(IN_FRONT)('%s in front', (_, file) => {
  test('the values are valid, the manifests too', async () => {
    expect(await lintChart(VALUES.small, file)).toContain('0 chart(s) failed');
    const { text } = await renderChart(VALUES.small, { also: [file] });
    expect((await validateManifests(text, ['1.30', '1.34'])).problems).toEqual([]);
  });
});

test('by default nothing belongs to one ingress controller', () => {
  expect(ofKind('small', 'Ingress').map(({ metadata }) => metadata.annotations)).toEqual([undefined]);
});

describe('alerts of the chart', () => {
  const ruleOf = (manifests: readonly Manifest[]) =>
    z
      .looseObject({
        groups: z.tuple([
          z.looseObject({
            rules: z.array(
              z.looseObject({
                alert: z.string(),
                expr: z.string(),
                labels: z.record(z.string(), z.string()),
                annotations: z.record(z.string(), z.string()),
              }),
            ),
          }),
        ]),
      })
      .parse(manifests.find(({ kind }) => kind === 'PrometheusRule')?.spec);
  const alertsOf = (manifests: readonly Manifest[]) => ruleOf(manifests).groups[0].rules;

  test('labels, severities, thresholds, omissions and the runbook are those of the values', () => {
    const alerts = alertsOf(ofKind('adapted', 'PrometheusRule'));
    const byName = new Map(alerts.map((one) => [one.alert, one]));
    expect(byName.has('ClaimcheckTranscodeLags')).toBe(false);
    expect(byName.get('ClaimcheckDeadLetters')?.labels).toEqual({ severity: 'page', team: 'media' });
    expect(byName.get('ClaimcheckQueueLags')).toMatchObject({
      expr: expect.stringMatching(/> 300$/),
      annotations: { runbook_url: 'https://wiki.example.org/claimcheck#claimcheckqueuelags' },
    });
    // UPLOAD_TTL is 48 h there.
    expect(byName.get('ClaimcheckUploadSessionsOld')?.expr).toContain(`> ${50 * 3_600}`);
  });

  test('each names the series of its installation, and the roles that it runs', () => {
    for (const { alert, expr } of alertsOf(ofKind('keyless', 'PrometheusRule')))
      expect(expr.match(/claimcheck_\w+\{job="default\/cc-claimcheck",/g), alert).toHaveLength(
        expr.match(/claimcheck_\w+\{/g)?.length ?? -1,
      );
    const rolesOf = (manifests: readonly Manifest[]) =>
      [
        ...(
          alertsOf(manifests).find(({ alert }) => alert === 'ClaimcheckProcessesAbsent')?.expr ?? ''
        ).matchAll(/role="(\w+)"/g),
      ].map(([, role]) => role);
    expect(rolesOf(ofKind('keyless', 'PrometheusRule'))).toEqual([
      'http',
      'background',
      'gateway',
      'media',
      'transcode',
    ]);
  });

  test('two installations in one Prometheus do not hide each other', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'claimcheck-alerts-'));
    try {
      await writeFile(join(folder, 'rules.yaml'), stringify(ruleOf(ofKind('keyless', 'PrometheusRule'))));
      const series = (role: string, job: string, values: string) => ({
        series: `claimcheck_role_up{role="${role}",job="${job}"}`,
        values,
      });
      const roles = ['http', 'gateway', 'media', 'transcode'];
      await writeFile(
        join(folder, 'test.yaml'),
        stringify({
          rule_files: ['rules.yaml'],
          evaluation_interval: '1m',
          tests: [
            {
              interval: '1m',
              input_series: [
                ...roles.map((role) => series(role, 'default/cc-claimcheck', '1x60')),
                // The other one's background process does not substitute for ours.
                series('background', 'other/claimcheck', '1x60'),
              ],
              alert_rule_test: [
                {
                  alertname: 'ClaimcheckProcessesAbsent',
                  eval_time: '30m',
                  exp_alerts: [
                    {
                      exp_labels: { severity: 'page', role: 'background', job: 'default/cc-claimcheck' },
                      exp_annotations: {
                        summary: 'no process with the role background gives metrics',
                        runbook_url: 'infra/runbook.md#claimcheckprocessesabsent',
                      },
                    },
                  ],
                },
              ],
            },
          ],
        }),
      );
      expect(await promtool('test', 'rules', join(folder, 'test.yaml'))).toContain('SUCCESS');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);
});
