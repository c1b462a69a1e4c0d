import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '@claimcheck/local-stack/free-port';
import { type ManagedService, startProcess } from '@claimcheck/local-stack/managed-process';
import { z } from 'zod';
import { systemProgram } from '../../harness/system-program.ts';
import { kubeApiserverProgram } from './kube-apiserver-program.ts';

const TOKEN = 'of-the-test';
const LOCALHOST = '127.0.0.1';
const CREATED = 201;
const START_MS = 120_000;

export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; [field: string]: unknown };
  [field: string]: unknown;
}

interface Answer {
  status: number;
  body: unknown;
  warnings: string[];
}

const resources = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});
const refusal = z.object({ message: z.string() });
const version = z.object({ gitVersion: z.string() });

const startEtcd = async (folder: string): Promise<{ etcd: ManagedService; url: string }> => {
  const command = await systemProgram({
    programs: ['etcd'],
    aptPackage: 'etcd-server',
    purpose: "Kubernetes' API server",
  });
  const [url, peers] = [`http://${LOCALHOST}:${await freePort()}`, `http://${LOCALHOST}:${await freePort()}`];
  const etcd = await startProcess({
    name: 'etcd',
    command,
    args: [
      `--data-dir=${join(folder, 'etcd')}`,
      ...[`--listen-client-urls=${url}`, `--advertise-client-urls=${url}`],
      ...[`--listen-peer-urls=${peers}`, `--initial-advertise-peer-urls=${peers}`],
      `--initial-cluster=default=${peers}`,
    ],
    cwd: folder,
    env: { PATH: process.env.PATH ?? '' },
    ready: async () => (await fetch(`${url}/health`)).ok,
    timeoutMs: START_MS,
  });
  return { etcd, url };
};

/** Kubernetes' API server with its own etcd: admission and validation as in a cluster, without nodes or controllers. */
export class ApiServer {
  readonly #port: number;
  readonly #folder: string;
  readonly #services: ManagedService[] = [];

  private constructor(port: number, folder: string) {
    this.#port = port;
    this.#folder = folder;
  }

  static async start(): Promise<ApiServer> {
    const command = await kubeApiserverProgram();
    const folder = await mkdtemp(join(tmpdir(), 'claimcheck-api-server-'));
    const server = new ApiServer(await freePort(), folder);
    try {
      await server.#start(command);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  async #start(command: string): Promise<void> {
    const { etcd, url } = await startEtcd(this.#folder);
    this.#services.push(etcd);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const [key, tokens] = [join(this.#folder, 'accounts.pem'), join(this.#folder, 'tokens.csv')];
    await writeFile(key, privateKey.export({ type: 'pkcs1', format: 'pem' }));
    await writeFile(tokens, `${TOKEN},admin,admin,system:masters\n`);
    const service = await startProcess({
      name: 'kube-apiserver',
      command,
      args: [
        ...[`--etcd-servers=${url}`, `--token-auth-file=${tokens}`, '--authorization-mode=RBAC'],
        ...[`--bind-address=${LOCALHOST}`, `--secure-port=${this.#port}`, `--cert-dir=${this.#folder}`],
        ...[`--service-account-key-file=${key}`, `--service-account-signing-key-file=${key}`],
        ...[
          '--service-account-issuer=https://kubernetes.default.svc',
          '--service-cluster-ip-range=10.0.0.0/16',
        ],
      ],
      cwd: this.#folder,
      env: { PATH: process.env.PATH ?? '' },
      ready: async () => (await this.#request('GET', '/readyz')).status === 200,
      timeoutMs: START_MS,
    });
    this.#services.unshift(service);
  }

  async version(): Promise<string> {
    return version.parse((await this.#request('GET', '/version')).body).gitVersion;
  }

  /** Returns whether it knows the kind; kinds of other projects come with their operators. */
  async knows(object: ApiObject): Promise<boolean> {
    return (await this.#resourceOf(object)) !== undefined;
  }

  /**
   * Creates an object; a field that the server does not know is an error.
   * @returns the warnings
   * @throws Error with the server's reason when it refuses
   */
  async create(object: ApiObject, namespace: string): Promise<string[]> {
    const resource = await this.#resourceOf(object);
    if (resource === undefined) throw new Error(`${object.kind}: unknown kind`);
    const folder = resource.namespaced ? `${resource.group}/namespaces/${namespace}` : resource.group;
    const path = `${folder}/${resource.name}?fieldValidation=Strict`;
    const { status, body, warnings } = await this.#request('POST', path, object);
    if (status !== CREATED)
      throw new Error(`${object.kind}/${object.metadata.name}: ${refusal.parse(body).message}`);
    return warnings;
  }

  async stop(): Promise<void> {
    for (const service of this.#services) await service.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #resourceOf({ apiVersion, kind }: ApiObject) {
    const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { status, body } = await this.#request('GET', group);
    if (status !== 200) return undefined;
    const found = resources.parse(body).resources.find((one) => one.kind === kind && !one.name.includes('/'));
    return found === undefined ? undefined : { ...found, group };
  }

  /** It signs its certificate itself, for no name that a client could check but that of the file. */
  async #request(method: string, path: string, body?: unknown): Promise<Answer> {
    const sent = request({
      ...{ host: LOCALHOST, port: this.#port, method, path },
      ca: await readFile(join(this.#folder, 'apiserver.crt')),
      checkServerIdentity: () => undefined,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve);
      sent.once('error', reject);
    });
    const received = await text(response);
    const isJson = response.headers['content-type']?.startsWith('application/json') === true;
    const warnings = response.headersDistinct.warning ?? [];
    return { status: response.statusCode ?? 0, body: isJson ? JSON.parse(received) : received, warnings };
  }
}
