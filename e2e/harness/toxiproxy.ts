import { join } from 'node:path';
import { cacheDirectory, findOnPath, isExecutable } from '@claimcheck/local-stack/find-program';
import { freePort } from '@claimcheck/local-stack/free-port';
import { goInstall } from '@claimcheck/local-stack/go-install';
import { type ManagedService, startProcess } from '@claimcheck/local-stack/managed-process';

const MODULE = 'github.com/Shopify/toxiproxy/v2/cmd/server';
const VERSION = 'v2.12.0';
const HOW_TO_GET =
  'Install Go (https://go.dev/dl) or put toxiproxy-server (https://github.com/Shopify/toxiproxy/releases) on PATH.';

type Direction = 'upstream' | 'downstream';

/** https://github.com/Shopify/toxiproxy#toxics; `upstream` is from the client to the server. */
export type Toxic =
  | { type: 'bandwidth'; stream: Direction; attributes: { rate_kib_per_second: number } }
  /** Closes each connection after this many bytes. */
  | { type: 'limit_data'; stream: Direction; attributes: { bytes: number } }
  /** Swallows everything. The connection stays open until the toxic is removed, and is then closed. */
  | { type: 'timeout'; stream: Direction; attributes: { timeout: 0 } };

const wireAttributes = (toxic: Toxic): Record<string, number> =>
  toxic.type === 'bandwidth' ? { rate: toxic.attributes.rate_kib_per_second } : toxic.attributes;

const findToxiproxy = async (): Promise<string> => {
  const onPath = await findOnPath('toxiproxy-server', process.env);
  if (onPath !== undefined) return onPath;
  const cache = cacheDirectory(process.env);
  const target = join(cache, 'bin', `toxiproxy-${VERSION}`);
  if (await isExecutable(target)) return target;
  const go = await findOnPath('go', process.env);
  if (go === undefined)
    throw new Error(`toxiproxy is missing, and there is no Go to compile it with. ${HOW_TO_GET}`);
  await goInstall({
    // The name that Go gives the program.
    name: 'server',
    module: MODULE,
    version: VERSION,
    howToGet: HOW_TO_GET,
    go,
    cache,
    target,
    env: process.env,
    onProgress: (line) => process.stderr.write(`toxiproxy ${line}\n`),
  });
  return target;
};

type Call = (method: string, path: string, body?: object) => Promise<unknown>;

/** A TCP address that leads to a server, with faults in between. */
export class Link {
  readonly url: string;
  readonly #call: Call;
  readonly #name: string;

  constructor(call: Call, name: string, listen: string) {
    this.#call = call;
    this.#name = name;
    this.url = `http://${listen}`;
  }

  /** Existing connections are affected at once. */
  async add(name: string, toxic: Toxic): Promise<void> {
    await this.#call('POST', `/proxies/${this.#name}/toxics`, {
      name,
      ...toxic,
      attributes: wireAttributes(toxic),
    });
  }

  async remove(name: string): Promise<void> {
    await this.#call('DELETE', `/proxies/${this.#name}/toxics/${name}`);
  }

  /** Closes all connections and removes the address. */
  async delete(): Promise<void> {
    await this.#call('DELETE', `/proxies/${this.#name}`);
  }

  /** Leads to another server from now on, and closes existing connections. */
  async pointAt(url: string): Promise<void> {
    await this.#call('POST', `/proxies/${this.#name}`, { upstream: new URL(url).host, enabled: true });
  }

  /** Closes all connections and refuses new ones. */
  async cut(): Promise<void> {
    await this.#call('POST', `/proxies/${this.#name}`, { enabled: false });
  }

  async join(): Promise<void> {
    await this.#call('POST', `/proxies/${this.#name}`, { enabled: true });
  }
}

export class Toxiproxy {
  readonly #service: ManagedService;
  readonly #api: string;

  private constructor(service: ManagedService, api: string) {
    this.#service = service;
    this.#api = api;
  }

  /** Starts a separate fault proxy. @throws Error that says how to get the program */
  static async start(): Promise<Toxiproxy> {
    const port = await freePort();
    const api = `http://127.0.0.1:${port}`;
    const service = await startProcess({
      name: 'toxiproxy',
      command: await findToxiproxy(),
      args: ['-host', '127.0.0.1', '-port', String(port)],
      env: { LOG_LEVEL: 'error' },
      cwd: '/',
      ready: async () => (await fetch(`${api}/version`)).ok,
      timeoutMs: 30_000,
    });
    return new Toxiproxy(service, api);
  }

  /** Opens a new address on loopback that leads to `url`. */
  async link(name: string, url: string): Promise<Link> {
    const listen = `127.0.0.1:${await freePort()}`;
    await this.#call('POST', '/proxies', { name, listen, upstream: new URL(url).host, enabled: true });
    return new Link(this.#call, name, listen);
  }

  /** Removes every fault. */
  async heal(): Promise<void> {
    await this.#call('POST', '/reset');
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }

  readonly #call: Call = async (method, path, body) => {
    const response = await fetch(`${this.#api}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`toxiproxy answered ${response.status} to ${method} ${path}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
}
