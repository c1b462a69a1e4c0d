import { z } from 'zod';
import type { Config } from '../config.ts';
import { describeError } from './attempt.ts';
import { type Check, failed, passed } from './check.ts';

const PATIENCE_MS = 5_000;
const publicConfig = z.object({ api_url: z.string(), gateway_url: z.string() });

/** Checks the api as clients reach it, and whether it is the configured one. */
export const checkPublicUrl = async ({ publicUrl, gatewayPublicUrl }: Config): Promise<Check> => {
  const name = 'PUBLIC_URL';
  const fix = 'PUBLIC_URL must lead to the role http of the api; check DNS, TLS and the proxy in front';
  try {
    const response = await fetch(`${publicUrl}/config.json`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const told = publicConfig.safeParse(await response.json().catch(() => undefined));
    if (!response.ok || !told.success)
      return failed(
        name,
        `${publicUrl}/config.json answers ${response.status}, and not as our api does`,
        fix,
      );
    if (told.data.api_url !== publicUrl || told.data.gateway_url !== gatewayPublicUrl)
      return failed(
        name,
        `the api there tells clients ${told.data.api_url} and ${told.data.gateway_url}`,
        'give api and doctor the same PUBLIC_URL and GATEWAY_PUBLIC_URL',
      );
    return passed(name, `${publicUrl} answers`);
  } catch (error) {
    return failed(name, `${publicUrl} can't be reached: ${describeError(error)}`, fix);
  }
};

/** Reads the first frame of engine.io, which precedes any token. */
const openSocket = (url: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.close();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(new Error('no answer in time'))), PATIENCE_MS);
    socket.addEventListener('message', ({ data }) =>
      end(() =>
        String(data).startsWith('0{') ? resolve() : reject(new Error('it is not a Socket.IO server')),
      ),
    );
    socket.addEventListener('error', () => end(() => reject(new Error('the WebSocket was not opened'))));
  });

/** Checks the gateway as clients reach it: whether the proxy in front lets WebSockets through. */
export const checkGateway = async ({ gatewayPublicUrl }: Config): Promise<Check> => {
  const name = 'GATEWAY_PUBLIC_URL';
  const url = `${gatewayPublicUrl.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`;
  try {
    await openSocket(url);
    return passed(name, `${gatewayPublicUrl} opens WebSockets`);
  } catch (error) {
    return failed(
      name,
      `${gatewayPublicUrl}: ${describeError(error)}`,
      'start the gateway; let the proxy in front pass on Upgrade and Connection (HTTP/1.1) and keep quiet connections for a minute',
    );
  }
};
