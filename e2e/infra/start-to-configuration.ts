import { runToEnd } from '../harness/run-to-end.ts';

/** No server listens there: an app with a valid configuration ends because it finds none. */
const NOWHERE = '127.0.0.1:1';

/** Replaces the addresses of servers, so that the app finds none of them. */
const withoutServers = (env: Readonly<Record<string, string>>): Record<string, string> => ({
  ...env,
  NATS_URL: (env.NATS_URL ?? '').replace(/@[^/,]*/, `@${NOWHERE}`),
});

/**
 * Starts an app as a container would, and returns whether it accepts its environment.
 *
 * @param script as the container's command names it
 * @returns its exit code (78: the configuration is not valid) and its output
 */
export const startToConfiguration = async (
  script: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<{ code: number; said: string }> => {
  const { code, out, error } = await runToEnd(
    script,
    { ...withoutServers(env), ADMIN_PORT: '0', TEMP_DIR: '/tmp' },
    args,
  );
  return { code, said: `${out}${error}` };
};
