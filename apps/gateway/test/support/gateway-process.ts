import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface Exit {
  code: number | null;
  /** All output of the process. */
  output: string;
}

const start = (env: Record<string, string>): { child: ChildProcess; lines: string[] } => {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  return { child, lines };
};

/** Runs a gateway that is expected to end by itself. */
export const runGateway = async (env: Record<string, string>): Promise<Exit> => {
  const { child, lines } = start(env);
  const [code] = await once(child, 'close');
  return { code, output: lines.join('\n') };
};

/** Runs a gateway as an operator does: as a separate process, on free ports. */
export class GatewayProcess {
  readonly port: number;
  readonly #adminPort: number;
  readonly #child: ChildProcess;
  readonly #lines: string[];

  private constructor(child: ChildProcess, lines: string[], ready: { port: number; admin_port: number }) {
    this.#child = child;
    this.#lines = lines;
    this.port = ready.port;
    this.#adminPort = ready.admin_port;
  }

  /** @throws with the process's output when it ends instead of becoming ready */
  static async start(env: Record<string, string>): Promise<GatewayProcess> {
    const { child, lines } = start({ ...env, GATEWAY_PORT: '0', ADMIN_PORT: '0' });
    const closed = once(child, 'close').then(() => {
      throw new Error(`the gateway ended:\n${lines.join('\n')}`);
    });
    const ready = new Promise<string>((resolve) => {
      if (child.stdout === null) throw new Error('the gateway has no output');
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.includes('gateway is ready')) resolve(line);
      });
    });
    const line = await Promise.race([ready, closed]);
    closed.catch(() => {});
    return new GatewayProcess(child, lines, JSON.parse(line));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get output(): string {
    return this.#lines.join('\n');
  }

  async admin(path: string): Promise<{ status: number; body: string }> {
    const response = await fetch(`http://127.0.0.1:${this.#adminPort}${path}`);
    return { status: response.status, body: await response.text() };
  }

  /** Returns the value of one series, named as in the exposition: `claimcheck_x_total{reason="y"}`. */
  async metric(series: string): Promise<number> {
    const { body } = await this.admin('/metrics');
    const line = body.split('\n').find((candidate) => candidate.startsWith(`${series} `));
    if (line === undefined) throw new Error(`there is no series ${series}`);
    return Number(line.slice(series.length + 1));
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const closed = once(this.#child, 'close');
    this.#child.kill(signal);
    const [code] = await closed;
    return code;
  }
}
