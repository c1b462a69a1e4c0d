import { randomBytes } from 'node:crypto';
import { ChatUser } from '../../harness/chat-user.ts';
import { type System, startSystem } from '../../harness/system.ts';
import type { BenchContext, BenchReport } from '../bench-context.ts';
import { formatTable } from '../format-table.ts';
import { ChildChannel } from '../load/child-channel.ts';
import { describeMachine } from '../measure/machine.ts';
import { median, rounded } from '../measure/median.ts';
import { cpuSeconds } from '../measure/process-usage.ts';
import type { GetOrder, GetReport, GetResult } from './get-messages.ts';
import { type Nginx, startNginx } from './start-nginx.ts';

const MIB = 1_024 ** 2;
const OBJECT_MIB = 64;
const GRACE_SECONDS = 30;

interface Measured {
  per_second: number;
  mib_per_second: number;
  cpu_seconds_per_gib: number;
  cpu_ms_per_request: number;
  p50_ms: number;
  p99_ms: number;
}

type Load = Omit<GetOrder, 'seconds'> & { pid: number };

const toMeasured = (result: GetResult, cpu: number): Measured => ({
  per_second: result.requests / result.seconds,
  mib_per_second: result.bytes / MIB / result.seconds,
  // A redirect has a body too, of one line, which does not count.
  cpu_seconds_per_gib: result.bytes < MIB ? 0 : cpu / (result.bytes / MIB / 1_024),
  cpu_ms_per_request: (cpu * 1_000) / result.requests,
  p50_ms: result.p50_ms,
  p99_ms: result.p99_ms,
});

const measure = async ({ pid, ...load }: Load, seconds: number): Promise<Measured> => {
  const clients = new ChildChannel<GetOrder, GetReport>(new URL('./get-process.ts', import.meta.url));
  try {
    const before = await cpuSeconds(pid);
    const report = await clients.ask({ ...load, seconds }, seconds + GRACE_SECONDS);
    if (report.type === 'failed') throw new Error(report.message);
    return toMeasured(report.result, (await cpuSeconds(pid)) - before);
  } finally {
    await clients.stop();
  }
};

const middle = (runs: readonly Measured[]): Measured => {
  const of = (name: keyof Measured) => rounded(median(runs.map((run) => run[name])));
  return {
    per_second: of('per_second'),
    mib_per_second: of('mib_per_second'),
    cpu_seconds_per_gib: of('cpu_seconds_per_gib'),
    cpu_ms_per_request: of('cpu_ms_per_request'),
    p50_ms: of('p50_ms'),
    p99_ms: of('p99_ms'),
  };
};

/** The api has the options of chart and compose file. */
const startOurs = (stack: Record<string, string>, mode: string): Promise<System> =>
  startSystem(
    stack,
    { DOWNLOAD_MODE: mode, SCAN_POLICY: 'off', RATE_LIMIT_PER_MINUTE: '10000000', LOG_LEVEL: 'warn' },
    { api: { NODE_OPTIONS: '--max-semi-space-size=8' } },
  );

/** A member other than the owner, so that the api looks the right up as in a chat. */
const shareFile = async (system: System): Promise<{ path: string; ben: ChatUser }> => {
  const [ann, ben] = [new ChatUser(system, 'ann'), new ChatUser(system, 'ben')];
  const conversation = await ann.startConversation('ben');
  const bytes = randomBytes(OBJECT_MIB * MIB);
  const id = await ann.upload({ bytes, filename: 'a.bin', filetype: 'application/octet-stream' });
  await ann.send(conversation, { client_message_id: 'a', message_type: 'file', media_object_id: id });
  await ann.mediaIn(id, ['ready', 'degraded', 'failed']);
  return { path: `/v1/media/${id}/source`, ben };
};

const loadsOf = async (
  redirecting: System,
  proxying: System,
  nginx: Nginx,
): Promise<Record<'redirect' | 'proxy' | 'nginx', Load>> => {
  const redirected = await shareFile(redirecting);
  const proxied = await shareFile(proxying);
  const response = await redirected.ben.fetch(redirected.path, { redirect: 'manual' });
  const signed = new URL(response.headers.get('location') ?? '');
  const bearer = (user: ChatUser) => ({ authorization: `Bearer ${user.token}` });
  return {
    redirect: {
      pid: redirecting.apps.api.pid,
      url: redirecting.apiUrl + redirected.path,
      headers: bearer(redirected.ben),
      status: 302,
      connections: 32,
    },
    proxy: {
      pid: proxying.apps.api.pid,
      url: proxying.apiUrl + proxied.path,
      headers: bearer(proxied.ben),
      status: 200,
      connections: 8,
    },
    nginx: {
      pid: nginx.pid,
      url: `${nginx.url}${signed.pathname}${signed.search}`,
      headers: {},
      status: 200,
      connections: 8,
    },
  };
};

/**
 * Compares authorised redirects and proxied bytes with nginx, which authorises no request, in front of the same storage: in
 * turn, in one run.
 */
export const downloadBench = async ({ options, stack, onProgress }: BenchContext): Promise<BenchReport> => {
  const redirecting = await startOurs(stack, 'redirect');
  const proxying = await startOurs(stack, 'proxy');
  const nginx = await startNginx(stack.S3_ENDPOINT ?? '', onProgress);
  try {
    const loads = await loadsOf(redirecting, proxying, nginx);
    const runs: Record<keyof typeof loads, Measured[]> = { redirect: [], proxy: [], nginx: [] };
    const seconds = options.quick ? 2 : 10;
    for (let round = 1; round <= options.rounds; round += 1)
      for (const name of ['redirect', 'proxy', 'nginx'] as const) {
        runs[name].push(await measure(loads[name], seconds));
        onProgress(`round ${round}: ${name}`);
      }
    const figures = {
      redirect: middle(runs.redirect),
      proxy: middle(runs.proxy),
      nginx: middle(runs.nginx),
    };
    const ratio = rounded(figures.proxy.mib_per_second / figures.nginx.mib_per_second);
    const result = {
      machine: describeMachine(),
      rounds: options.rounds,
      object_mib: OBJECT_MIB,
      ratio_nginx: ratio,
      ...figures,
    };
    const head = ['load', '1/s', 'MiB/s', 'CPU s/GiB', 'CPU ms/request', 'p50 ms', 'p99 ms'];
    const rows = Object.entries(figures).map(([name, measured]) => [name, ...Object.values(measured)]);
    return { result, table: `${formatTable(head, rows)}\nproxied, of nginx: ${ratio}` };
  } finally {
    await Promise.all([redirecting.stop(), proxying.stop(), nginx.stop()]);
  }
};
