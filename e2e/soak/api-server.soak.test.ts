import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiObject, ApiServer } from '../infra/api-server/api-server.ts';
import { KUBERNETES_VERSION } from '../infra/api-server/kube-apiserver-program.ts';
import { RenderedChart } from '../infra/chart/rendered-chart.ts';
import { VALUES, type ValuesName } from '../infra/chart-values.ts';
import { FOREIGN_KINDS } from '../infra/kubernetes-schemas.ts';

/** Compiling Kubernetes takes minutes. */
const COMPILE_MS = 3_600_000;
const CREATE_MS = 120_000;
const FILES = Object.keys(VALUES) as ValuesName[];
/** What values files expect of the cluster. */
const PRIORITIES = { high: 1_000, highest: 2_000 };
const ACCOUNTS = ['mine', 'media'];
/** Kubernetes 1.34 says it of each headless Service, since it compares with a default that it has filled in. */
const OF_EACH_HEADLESS_SERVICE = 'spec.SessionAffinity is ignored for headless services';

const chart = new RenderedChart();
let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
  await chart.render();
  for (const [name, value] of Object.entries(PRIORITIES))
    await server.create(
      { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value },
      'default',
    );
}, COMPILE_MS);
afterAll(async () => {
  await server?.stop();
});

/** Creates a namespace with the strictest pod security, and its accounts, of which a controller would add `default`. */
const makeNamespace = async (name: string): Promise<void> => {
  const security = 'pod-security.kubernetes.io';
  const labels = { [`${security}/enforce`]: 'restricted', [`${security}/warn`]: 'restricted' };
  await server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }, name);
  for (const account of ['default', ...ACCOUNTS])
    await server.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account } }, name);
};

test('it is the version that the manifests are made for', async () => {
  expect(await server.version()).toBe(KUBERNETES_VERSION);
});

test('it refuses a pod that the restricted profile forbids, and a field that it does not know', async () => {
  await makeNamespace('refused');
  const pod = (fields: object): ApiObject => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one' } },
    spec: { containers: [{ name: 'one', image: 'one', ...fields }] },
  });
  await expect(server.create(pod({}), 'refused')).rejects.toThrow('violates PodSecurity "restricted');
  await expect(server.create(pod({ imag: 'x' }), 'refused')).rejects.toThrow('unknown field');
});

test.each(FILES)(
  '%s: it creates every object, without a warning',
  async (name) => {
    const namespace = name.toLowerCase();
    await makeNamespace(namespace);
    let created = 0;
    for (const manifest of chart.all(name)) {
      if (FOREIGN_KINDS.includes(manifest.kind) && !(await server.knows(manifest))) continue;
      const warnings = await server.create(manifest, namespace);
      expect(
        warnings.filter((one) => !one.includes(OF_EACH_HEADLESS_SERVICE)),
        `${manifest.kind}/${manifest.metadata.name}`,
      ).toEqual([]);
      created += 1;
    }
    expect(created).toBeGreaterThan(5);
    console.log(`${name}: ${created} objects`);
  },
  CREATE_MS,
);
