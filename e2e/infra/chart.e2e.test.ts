import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { isOurs, pick, RenderedChart } from './chart/rendered-chart.ts';
import { FURTHER_SECRETS, SECRETS, VALUES, type ValuesName } from './chart-values.ts';
import { documentedVariables } from './configuration-table.ts';
import { lintChart, type Manifest, renderChart } from './helm.ts';
import { FOREIGN_KINDS, validateManifests } from './kubernetes-schemas.ts';
import { startToConfiguration } from './start-to-configuration.ts';
import { containerOf, environmentOf, podOf } from './workload.ts';

const KUBERNETES = ['1.30', '1.32', '1.34'];
const FILES = Object.entries(VALUES);
/** Read by Node, the C library and proxies. */
const OF_THE_RUNTIME = ['MALLOC_ARENA_MAX', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'HTTPS_PROXY'];
/** Compiling helm on a busy machine takes minutes. */
const HELM_PATIENCE_MS = 600_000;

const { render, textOf, all, ofKind, named, workloads } = new RenderedChart();
beforeAll(render, HELM_PATIENCE_MS);

test.each(FILES)('%s: helm lint finds nothing', async (_, file) => {
  expect(await lintChart(file)).toContain('0 chart(s) failed');
});

test.each(FILES)(`%s: valid on Kubernetes ${KUBERNETES.join(', ')}`, async (name) => {
  const report = await validateManifests(textOf(name as ValuesName), KUBERNETES);
  expect(report.problems).toEqual([]);
  expect(FOREIGN_KINDS).toEqual(expect.arrayContaining(report.unknown));
  expect(report.validated).toContain(`Deployment/${name === 'names' ? 'chat-media' : 'cc-claimcheck'}-api`);
});

describe('a typo, or something missing, is refused with its name', () => {
  test.each([
    ['api.replica=3', 'replica'],
    ['settings.UPLOAD_TTTL=1h', 'UPLOAD_TTTL'],
    ['scan.policy=gates', 'policy'],
    ['workers[0].lanes={video}', 'lanes'],
    ['workers[0].concurrency=17', 'concurrency'],
    ['gateway.trustedProxyHops=11', 'trustedProxyHops'],
    ['workerDefaults.tempSizeLimit=10GB', 'tempSizeLimit'],
    ['publicUrl=media.example.org', 'publicUrl'],
    // Kubernetes accepts only strings, and would report it when half of the release is installed.
    ['extraEnv[0].name=MAX_ATTEMPTS,extraEnv[0].value=3', '/extraEnv/0/value'],
    ['auth.jwksUrl=https://a.example', 'not both'],
    ['api.extraEnv[0].name=S3_BUCKET,api.extraEnv[0].value=x', 'extraEnv sets S3_BUCKET'],
    ['api.extraVolumes[0].name=tmp', 'the chart has a volume tmp already'],
    ['settings.DEV_LOGIN=true', 'demo=true'],
    ['database.host=pg', 'database.readerExistingSecret'],
    ['demo=true,settings.WEB_DIR=x', 'settings.WEB_DIR'],
    ['api.drainSeconds=60', 'terminationGracePeriodSeconds must be longer than drainSeconds'],
    ['api.autoscaling.enabled=true,api.autoscaling.minReplicas=11', 'larger than maxReplicas'],
    ['scan.policy=off', 'ignores scan.clamavHost'],
    ['ingress.gatewayHost=media.example.org', 'must differ'],
    ['workers[1].name=all,workers[1].lanes={media}', 'two are called all'],
    ['metrics.podMonitor.enabled=true,metrics.serviceMonitor.enabled=true', 'twice'],
    ['metrics.prometheusRule.enabled=true,metrics.prometheusRule.disabled={Typo}', 'no alert Typo'],
    ['metrics.prometheusRule.thresholds.queueAge=1', 'queueAge'],
    ['trustedCa.existingConfigMap=a,trustedCa.existingSecret=b', 'not both'],
    ['podLabels.app\\.kubernetes\\.io/name=x', 'podLabels: the chart sets'],
    ['database.existingSecret=', 'database.existingSecret is required'],
    ['s3.bucket=', 's3.bucket is required'],
  ])('%s', async (set, words) => {
    await expect(renderChart(VALUES.small, { sets: [set] })).rejects.toThrow(words);
  });
});

describe.each(FILES)('%s', (name) => {
  const values = name as ValuesName;

  test('no container may do more than it must', () => {
    expect(workloads(values).length).toBeGreaterThan(0);
    for (const manifest of workloads(values)) {
      const pod = podOf(manifest);
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      expect(containerOf(manifest).securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  test('secrets come from Secrets, and never appear in a manifest', () => {
    for (const manifest of workloads(values))
      for (const { name: variable, value, valueFrom } of containerOf(manifest).env)
        if (/SECRET|PASSWORD|ACCESS_KEY|DATABASE_URL|NATS_URL/.test(variable))
          expect([variable, value, valueFrom?.secretKeyRef.name]).toEqual([
            variable,
            undefined,
            expect.any(String),
          ]);
    // The servers of the try-out have well-known passwords.
    expect(ofKind(values, 'Secret').map(({ metadata }) => metadata.name)).toEqual(
      values === 'tryOut' ? ['claimcheck-try-out'] : [],
    );
  });

  test('each process has a liveness probe, and leaves service when it is not ready', () => {
    for (const manifest of ofKind(values, 'Deployment').filter(isOurs)) {
      const { startupProbe, livenessProbe, readinessProbe } = containerOf(manifest);
      expect([startupProbe, livenessProbe].map((probe) => probe?.httpGet.path)).toEqual([
        '/healthz',
        '/healthz',
      ]);
      expect(readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'admin' });
    }
  });

  test('every variable is one that docs/configuration.md names', async () => {
    const documented = await documentedVariables();
    const used = workloads(values).flatMap((manifest) => containerOf(manifest).env.map((one) => one.name));
    const strange = used.filter((one) => !documented.has(one) && !OF_THE_RUNTIME.includes(one));
    expect(strange).toEqual([]);
  });

  test('workers get no database and no signing secret', () => {
    for (const manifest of ofKind(values, 'Deployment')) {
      if (!manifest.metadata.name.includes('-worker-')) continue;
      const env = environmentOf(manifest, SECRETS);
      for (const withheld of ['DATABASE_URL', 'AUTH_JWT_SECRET', 'TOKEN_SECRETS'])
        expect(env).not.toHaveProperty(withheld);
      expect(env).toMatchObject({ NATS_URL: SECRETS.NATS_URL_WORKER, MALLOC_ARENA_MAX: '2' });
    }
  });
});

test('a setting without quotes arrives as it was written, large numbers too', () => {
  for (const manifest of ofKind('keda', 'Deployment'))
    expect(environmentOf(manifest, SECRETS)).toMatchObject({
      MAX_UPLOAD_BYTES: '5368709120',
      USER_QUOTA_BYTES: '107374182400',
      MAX_OPEN_UPLOADS: '50',
      AUTH_CLOCK_TOLERANCE: '10s',
      DEV_LOGIN: 'false',
    });
});

test('a rolling restart drains: proxies switch first, and no process is killed while it drains', () => {
  for (const part of ['-api', '-gateway']) {
    const pod = podOf(named('large', 'Deployment', part));
    const pause = containerOf(named('large', 'Deployment', part)).lifecycle?.preStop.sleep.seconds ?? 0;
    expect(pause).toBeGreaterThan(0);
    // A step of a process's shutdown takes ten seconds at most; see packages/platform/src/process/shutdown.ts.
    expect(pod.terminationGracePeriodSeconds ?? 0).toBeGreaterThanOrEqual(pause + 30);
  }
  for (const manifest of ofKind('large', 'Deployment'))
    expect(manifest.spec).toMatchObject({ strategy: { rollingUpdate: { maxUnavailable: 0 } } });
  expect(ofKind('large', 'PodDisruptionBudget')).toHaveLength(6);
});

const policy = z.looseObject({
  policyTypes: z.array(z.string()),
  egress: z.array(
    z.object({ ports: z.array(z.object({ port: z.number() })), to: z.array(z.unknown()).optional() }),
  ),
});

const messaging = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'messaging' } } };

test('the doctor in a pod of the api reaches the clients’ addresses, and a configured broker monitor', () => {
  const egressOf = (values: ValuesName, end: string) =>
    policy.parse(named(values, 'NetworkPolicy', end).spec).egress;
  const portsOf = (values: ValuesName, end: string) =>
    egressOf(values, end).flatMap(({ ports }) => ports.map(({ port }) => port));
  // This store is elsewhere: clients use 443.
  expect(portsOf('small', '-api')).toEqual([53, 53, 5432, 4222, 7070, 443]);
  expect(egressOf('large', '-api')).toContainEqual({
    ports: [expect.objectContaining({ port: 8222 })],
    to: [messaging],
  });
  for (const end of ['-background', '-gateway', '-worker-media'])
    expect(portsOf('large', end)).not.toContain(8222);
});

test("a worker's network ends at the store, the broker and the scanner", () => {
  const { policyTypes, egress } = policy.parse(named('large', 'NetworkPolicy', '-worker-media').spec);
  expect(policyTypes).toEqual(['Ingress', 'Egress']);
  expect(egress.flatMap(({ ports }) => ports.map(({ port }) => port))).toEqual([53, 53, 4222, 443, 3310]);
  expect(egress[1]?.to).toEqual([messaging]);
});

test('webhooks leave where they are sent, and where the doctor tries them, to the host that the values name', () => {
  const toHost = ofKind('webhooks', 'NetworkPolicy').filter(({ spec }) =>
    policy.parse(spec).egress.some(({ ports }) => ports.some(({ port }) => port === 8443)),
  );
  expect(toHost.map(({ metadata }) => metadata.name.replace('cc-claimcheck-', '')).toSorted()).toEqual([
    'background',
    'doctor',
  ]);
});

test('with traces every process may reach the receiver that the values name', () => {
  const policies = ofKind('keda', 'NetworkPolicy')
    // The command line records none.
    .filter(({ metadata }) => !/-(reconcile|migrations|doctor)$/.test(metadata.name))
    .map(({ spec }) => policy.parse(spec).egress.at(-1));
  const monitoring = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } };
  expect(policies.length).toBeGreaterThan(2);
  for (const last of policies)
    expect(last).toEqual({ ports: [expect.objectContaining({ port: 4318 })], to: [monitoring] });
});

test('only the gateway knows how many proxies are in front, and by default trusts none', () => {
  const hops = (values: ValuesName, end: string) =>
    environmentOf(named(values, 'Deployment', end), SECRETS).TRUSTED_PROXY_HOPS;
  expect([hops('minimal', '-gateway'), hops('small', '-gateway')]).toEqual(['0', '1']);
  expect(hops('small', '-api')).toBeUndefined();
});

test.each([
  ['10Gi', 8 * 1024 ** 3],
  ['0.5Ti', 0.4 * 1024 ** 4],
  ['50G', 40e9],
])(
  'jobs take less than the %s of their folder, a limit that the file system does not report',
  async (size, bytes) => {
    const sets = [`workerDefaults.tempSizeLimit=${size}`];
    const { manifests } = await renderChart(VALUES.large, { sets });
    const worker = pick(manifests, 'Deployment', '-worker-transcode');
    expect(podOf(worker).volumes).toContainEqual({ name: 'jobs', emptyDir: { sizeLimit: size } });
    expect(Number(environmentOf(worker, SECRETS).JOB_DISK_BYTES)).toBe(Math.floor(bytes));
  },
);

test('by default there is space for the largest upload that is accepted by default', async () => {
  const worker = named('minimal', 'Deployment', '-worker-transcode');
  // MAX_UPLOAD_BYTES is 5 GiB; the source, an mp4 and its HLS, and 256 MiB.
  const need = (3 * 5 + 0.25) * 1024 ** 3;
  expect(Number(environmentOf(worker, SECRETS).JOB_DISK_BYTES)).toBeGreaterThanOrEqual(need);
});

test('JOB_DISK_BYTES of the settings wins', async () => {
  const { manifests } = await renderChart(VALUES.small, { sets: ['settings.JOB_DISK_BYTES=1'] });
  const { env } = containerOf(pick(manifests, 'Deployment', '-worker-all'));
  expect(env.filter(({ name }) => name === 'JOB_DISK_BYTES')).toEqual([
    { name: 'JOB_DISK_BYTES', value: '1' },
  ]);
});

test("the migrations' Secret is not part of the release: they run before any of its objects exist", () => {
  for (const [name] of FILES) {
    const values = name as ValuesName;
    const made = all(values).flatMap(({ kind, metadata }) => (/Secret$/.test(kind) ? [metadata.name] : []));
    const asked = ofKind(values, 'Job').flatMap((job) =>
      containerOf(job).env.map(({ valueFrom }) => valueFrom?.secretKeyRef.name),
    );
    expect(made.filter((secret) => asked.includes(secret))).toEqual([]);
  }
  expect(ofKind('externalSecrets', 'ExternalSecret')).toHaveLength(5);
});

test('the migrations run before the new pods, and know the database only', () => {
  const job = named('small', 'Job', '-migrations');
  expect(job.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' });
  expect(environmentOf(job, SECRETS)).toEqual({ DATABASE_URL: SECRETS.DATABASE_URL });
});

test('the migrations may bypass a connection pooler', () => {
  const secrets = { ...SECRETS, POOLED_URL: 'postgres://claimcheck:p@pgbouncer/claimcheck' };
  const urlOf = (manifest: Manifest) => environmentOf(manifest, secrets).DATABASE_URL;
  expect(urlOf(named('names', 'Job', '-migrations'))).toBe(SECRETS.DATABASE_URL);
  expect(urlOf(named('names', 'Deployment', '-api'))).toBe(secrets.POOLED_URL);
});

test('where Postgres is named by parts, each process gets those of its role, and migrations their own host', () => {
  const env = (kind: string, end: string) => {
    const manifest = named('webhooks', kind, end);
    const secrets = containerOf(manifest).env.filter(({ name }) => name === 'PGPASSWORD');
    const { PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE, DATABASE_URL } = environmentOf(
      manifest,
      {
        ...SECRETS,
        ...FURTHER_SECRETS,
      },
    );
    expect([PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE, DATABASE_URL]).toEqual([
      '5432',
      FURTHER_SECRETS.username,
      FURTHER_SECRETS.password,
      'media',
      'require',
      undefined,
    ]);
    return [PGHOST, ...secrets.map(({ valueFrom }) => valueFrom?.secretKeyRef.name)];
  };
  expect(env('Deployment', '-api')).toEqual(['pool.db.svc', 'pg-app']);
  expect(env('CronJob', '-reconcile')).toEqual(['pool.db.svc', 'pg-app']);
  expect(env('Deployment', '-gateway')).toEqual(['pool.db.svc', 'pg-reader']);
  expect(env('Job', '-migrations')).toEqual(['pg-rw.db.svc', 'pg-app']);
});

test('jobs run where the values say, with the variables of all processes', () => {
  const tolerationsOf = (manifest: Manifest) => podOf(manifest).tolerations;
  const toleration = { key: 'jobs', operator: 'Exists', effect: 'NoSchedule' };
  const jobs = [named('large', 'Job', '-migrations'), named('large', 'CronJob', '-reconcile')];
  expect(jobs.map(tolerationsOf)).toEqual([[toleration], [toleration]]);
  for (const job of [named('keda', 'Job', '-migrations'), named('keda', 'CronJob', '-reconcile')])
    expect(environmentOf(job, SECRETS).NODE_OPTIONS).toBe('--max-old-space-size=512');
});

test('bucket and database are compared every week, without deleting anything', async () => {
  const job = named('small', 'CronJob', '-reconcile');
  expect(job.spec).toMatchObject({
    schedule: expect.stringMatching(/^\d+ \d+ \* \* \d$/),
    jobTemplate: { spec: { backoffLimit: 0 } },
  });
  const [, script = '', ...args] = containerOf(job).command;
  expect(args).toEqual(['reconcile', '--json']);
  const { code, said } = await startToConfiguration(script, environmentOf(job, SECRETS), args);
  expect(said).not.toContain('The configuration is not valid');
  expect(code).toBe(1);
  expect(policy.parse(named('small', 'NetworkPolicy', '-reconcile').spec).egress).toHaveLength(3);
  expect(ofKind('apiOnly', 'CronJob')).toEqual([]);
});

test('an autoscaled deployment has no fixed number of replicas, and KEDA watches the lanes’ consumers', () => {
  expect(named('large', 'Deployment', '-api').spec).not.toHaveProperty('replicas');
  expect(named('large', 'HorizontalPodAutoscaler', '-api').spec).toMatchObject({
    minReplicas: 4,
    maxReplicas: 24,
  });
  const metadata = (stream: string, consumer: string) =>
    expect.objectContaining({ metadata: expect.objectContaining({ stream, consumer, lagThreshold: '20' }) });
  expect(named('keda', 'ScaledObject', '-worker-both').spec).toMatchObject({
    triggers: [
      metadata('CLAIMCHECK_MEDIA', 'media-worker'),
      metadata('CLAIMCHECK_MEDIA', 'transcode-worker'),
    ],
  });
});

test('a worker accepts the largest concurrency that the chart allows for its lanes', async () => {
  const { manifests } = await renderChart(VALUES.large, {
    sets: ['workers[0].concurrency=64', 'workers[1].concurrency=16'],
  });
  for (const end of ['-worker-media', '-worker-transcode']) {
    const worker = manifests.find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith(end),
    );
    if (worker === undefined) throw new Error(`there is no ${end}`);
    const [, script = ''] = containerOf(worker).command;
    expect((await startToConfiguration(script, environmentOf(worker, SECRETS))).code, end).toBe(1);
  }
});

test.each([
  ['small', '-api'],
  ['small', '-gateway'],
  ['small', '-worker-all'],
  ['large', '-api'],
  ['large', '-background'],
  ['large', '-gateway'],
  ['large', '-worker-transcode'],
  ['keda', '-api'],
  ['keda', '-worker-both'],
  ['webhooks', '-background'],
] as const)('%s%s accepts the environment of its pod', async (values, end) => {
  const deployment = named(values, 'Deployment', end);
  const [, script = ''] = containerOf(deployment).command;
  const { code, said } = await startToConfiguration(
    script,
    environmentOf(deployment, { ...SECRETS, ...FURTHER_SECRETS }),
  );
  expect(said).not.toContain('The configuration is not valid');
  expect(code).toBe(1);
});
