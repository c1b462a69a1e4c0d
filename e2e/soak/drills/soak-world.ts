import { DrillWorld } from '../../harness/drill-world.ts';
import { startFaultySystem } from '../../harness/faulty-system.ts';
import { startOwnServers } from '../../harness/own-servers.ts';
import { startReplica } from '../../harness/replica.ts';
import { type Fault, faultsOfLink, faultsOfProcess, longCut } from './faults.ts';
import { Supervised } from './supervised.ts';

export interface SoakWorld {
  world: DrillWorld;
  /** Base URLs of both api replicas. */
  apis: string[];
  /** URLs of both gateways. */
  gateways: string[];
  processFaults: Fault[];
  serverFaults: Fault[];
  /** What processes said that ended without having been killed. */
  crashes(): string[];
  /** Everything runs and is connected again. */
  heal(): Promise<void>;
  stop(): Promise<void>;
}

/** Two apis, two gateways, a worker; Postgres, NATS and S3 of their own; a fault proxy in between. */
export const startSoakWorld = async (stack: Record<string, string>): Promise<SoakWorld> => {
  const servers = await startOwnServers(stack, ['postgres', 'nats', 's3']);
  const faulty = await startFaultySystem(servers.env, { ACK_WAIT: '5s' });
  const { system } = faulty;
  const api = await startReplica(system);
  const gateway = await startReplica(system, { app: 'gateway' });
  const world = new DrillWorld(system, servers.env);

  const apps = [
    new Supervised('api 1', system.apps.api),
    new Supervised('api 2', api.service),
    new Supervised('gateway 1', system.apps.gateway),
    new Supervised('gateway 2', gateway.service),
    new Supervised('worker', system.apps.worker),
  ];
  const { postgres, nats, s3 } = servers.services;
  if (postgres === undefined || nats === undefined || s3 === undefined)
    throw new Error('the soak has no servers of its own');
  const supervised = {
    postgres: new Supervised('postgres', postgres),
    nats: new Supervised('nats', nats),
    s3: new Supervised('s3', s3),
  };
  const all = [...apps, ...Object.values(supervised)];
  return {
    world,
    apis: [system.apiUrl, api.url],
    gateways: [system.gatewayUrl, gateway.url],
    processFaults: apps.flatMap(faultsOfProcess),
    serverFaults: [
      ...Object.values(supervised).flatMap(faultsOfProcess),
      ...faultsOfLink('the line to nats', faulty.natsLink),
      ...faultsOfLink('the line to postgres', faulty.databaseLink),
      ...faultsOfLink('the line to s3', faulty.s3Link),
      longCut('the line to nats', faulty.natsLink),
    ],
    crashes: () => all.flatMap(({ name, crashes }) => crashes.map((said) => `${name}: ${said}`)),
    heal: async () => {
      await faulty.heal();
      await Promise.all(all.map((process) => process.settled()));
    },
    stop: async () => {
      for (const process of all) process.release();
      await world.close();
      await api.service.stop();
      await gateway.service.stop();
      await faulty.stop();
      await servers.stop();
    },
  };
};
