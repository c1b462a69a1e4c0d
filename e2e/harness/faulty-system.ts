import { type System, startSystem } from './system.ts';
import { type Link, Toxiproxy } from './toxiproxy.ts';

/** The system with a fault proxy between clients and api, and between the apps and each server. */
export interface FaultySystem {
  system: System;
  /** Its `url` is the api's public address, so clients that follow a Location stay on it. */
  clientLink: Link;
  s3Link: Link;
  natsLink: Link;
  databaseLink: Link;
  /** Creates further links. */
  proxy: Toxiproxy;
  heal(): Promise<void>;
  stop(): Promise<void>;
}

/** Replaces the host and port of a URL. */
const through = (url: string, link: Link): string => {
  const parsed = new URL(url);
  parsed.host = new URL(link.url).host;
  return parsed.href;
};

export const startFaultySystem = async (
  stack: Record<string, string>,
  overrides: Record<string, string> = {},
): Promise<FaultySystem> => {
  const proxy = await Toxiproxy.start();
  try {
    const s3Url = stack.S3_ENDPOINT ?? '';
    const s3Link = await proxy.link('s3', s3Url);
    const natsUrl = stack.NATS_URL ?? '';
    const natsLink = await proxy.link('nats', natsUrl);
    const databaseUrl = stack.DATABASE_URL ?? '';
    const databaseLink = await proxy.link('database', databaseUrl);
    // The api's port is not known yet, but its public address must be.
    const clientLink = await proxy.link('api', s3Url);
    const behind = {
      ...stack,
      NATS_URL: through(natsUrl, natsLink),
      DATABASE_URL: through(databaseUrl, databaseLink),
    };
    const system = await startSystem(behind, {
      S3_ENDPOINT: s3Link.url,
      S3_PUBLIC_ENDPOINT: s3Url,
      PUBLIC_URL: clientLink.url,
      ...overrides,
    });
    await clientLink.pointAt(system.apiUrl);
    return {
      system,
      clientLink,
      s3Link,
      natsLink,
      databaseLink,
      proxy,
      heal: () => proxy.heal(),
      stop: () =>
        proxy
          // An app that is stopping may still send requests to S3.
          .heal()
          .finally(() => system.stop())
          .finally(() => proxy.stop()),
    };
  } catch (error) {
    await proxy.stop();
    throw error;
  }
};

/** Prints the api's last output below a failed test. */
export const printLogOfFailure = (
  task: { result?: { state: string } | undefined },
  world: FaultySystem,
): void => {
  if (task.result?.state === 'fail') console.log(world.system.apps.api.logTail(40));
};
