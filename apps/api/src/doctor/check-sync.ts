import { z } from 'zod';
import { type Check, failed, passed, skipped } from './check.ts';

const NAME = 'nats sync';
const SETTING = 'set sync_interval: always in the jetstream block of nats-server.conf';

const varz = z.object({
  jetstream: z.object({
    config: z
      .object({ sync_always: z.boolean().optional(), sync_interval: z.number().optional() })
      .optional(),
  }),
});

/**
 * Checks whether confirmed messages are on the broker's disk. Only its monitoring port reports that.
 *
 * @param monitorUrl such as `http://nats:8222`; undefined if it is not configured
 * @throws when the port does not answer
 */
export const checkSync = async (monitorUrl: string | undefined, signal: AbortSignal): Promise<Check> => {
  if (monitorUrl === undefined)
    return skipped(
      NAME,
      'the broker tells it on its monitoring port alone',
      `name that in NATS_MONITOR_URL, such as http://nats:8222, or look yourself: ${SETTING}`,
    );
  const response = await fetch(`${monitorUrl}/varz`, { signal });
  const read = varz.safeParse(await response.json());
  if (!read.success)
    return failed(NAME, `${monitorUrl}/varz is not that of a nats-server`, 'correct NATS_MONITOR_URL');
  const { config } = read.data.jetstream;
  if (config?.sync_always === true) return passed(NAME, 'always: what is confirmed is on disk');
  const seconds = (config?.sync_interval ?? 0) / 1e9;
  const detail =
    config === undefined
      ? 'JetStream is not enabled on this server'
      : `every ${seconds} s: a power cut loses what was confirmed since`;
  return failed(NAME, detail, SETTING);
};
