import { isInsideNetwork, MAX_PROXY_HOPS } from '@claimcheck/platform/process/client-network';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { type Check, failed, passed, skipped, warned } from './check.ts';
import { isLocal } from './is-local.ts';

const NAME = 'client addresses';
const PATIENCE_MS = 5_000;
/** Reserved for documentation (RFC 5737). */
const FORGED = '192.0.2.77';
/** A header shorter than the trusted hops would be ignored, and prove nothing. */
const FORGED_HEADER = Array.from({ length: MAX_PROXY_HOPS }, () => FORGED).join(', ');

const answerOf = z.object({ address: z.string() });

/** @param address for which the gateway takes a client with a forged header */
export const judgeAddress = (gatewayPublicUrl: string, address: string): Check => {
  if (address === FORGED)
    return failed(
      NAME,
      'a client that sends X-Forwarded-For counts as the address that it writes there, and so escapes every limit',
      'lower TRUSTED_PROXY_HOPS of the gateway to the number of proxies that add to X-Forwarded-For, or let the outermost one overwrite what clients send',
    );
  if (isInsideNetwork(address) && !isLocal(gatewayPublicUrl))
    return warned(
      NAME,
      `this client of ${gatewayPublicUrl} counts as ${address}, an address inside of your network: all clients may count as that one`,
      'set TRUSTED_PROXY_HOPS of the gateway to the number of proxies that add to X-Forwarded-For (docs/operations.md); where the doctor runs inside of that network itself, run it outside',
    );
  return passed(NAME, `this client counts as ${address}, whatever it writes in X-Forwarded-For`);
};

/** Asks the gateway, on the clients' path, for which address it takes a client that forges its own. */
export const checkClientAddresses = async ({ gatewayPublicUrl }: Config): Promise<Check> => {
  const response = await fetch(`${gatewayPublicUrl}/address`, {
    headers: { 'x-forwarded-for': FORGED_HEADER },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const answer = answerOf.safeParse(await response.json().catch(() => undefined));
  if (!response.ok || !answer.success)
    return skipped(
      NAME,
      `${gatewayPublicUrl}/address answers ${response.status}, and not as our gateway does`,
      'let the proxy in front pass /address on to the gateway',
    );
  return judgeAddress(gatewayPublicUrl, answer.data.address);
};
