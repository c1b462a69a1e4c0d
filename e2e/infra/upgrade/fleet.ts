import { Balancer } from '../../harness/balancer.ts';
import { type Replica, startReplica } from '../../harness/replica.ts';
import { type AppName, type System, startSystem } from '../../harness/system.ts';

const APPS: readonly AppName[] = ['api', 'gateway', 'worker'];
const REPLICAS = 2;

/** Two of each app behind balancers, as an orchestrator runs them. */
export class Fleet {
  readonly system: System;
  readonly balancers: Record<'api' | 'gateway', Balancer>;
  readonly #replicas: Record<AppName, Replica[]> = { api: [], gateway: [], worker: [] };

  private constructor(system: System, balancers: Fleet['balancers']) {
    this.system = system;
    this.balancers = balancers;
  }

  /** @param root the checkout whose code runs; by default this one. The schema is this checkout's. */
  static async start(
    stack: Record<string, string>,
    overrides: Record<string, string>,
    root?: string,
  ): Promise<Fleet> {
    const balancers = { api: await Balancer.start([]), gateway: await Balancer.start([]) };
    const system = await startSystem(stack, {
      PUBLIC_URL: balancers.api.url,
      GATEWAY_PUBLIC_URL: balancers.gateway.url,
      ...overrides,
    });
    await Promise.all(Object.values(system.apps).map((app) => app.stop()));
    const behind = { apiUrl: balancers.api.url, gatewayUrl: balancers.gateway.url };
    const fleet = new Fleet({ ...system, ...behind }, balancers);
    for (const app of APPS) for (let count = 0; count < REPLICAS; count += 1) await fleet.#add(app, root);
    return fleet;
  }

  /**
   * Replaces every process, one after the other, like a Deployment with maxUnavailable 0: the new one is ready before the old
   * one must end, and by then connections no longer go to the old one.
   *
   * @returns how each of the old ones ended
   */
  async rollOut(): Promise<{ app: AppName; code: number | null; said: string }[]> {
    const ends: { app: AppName; code: number | null; said: string }[] = [];
    for (const app of APPS)
      for (let count = 0; count < REPLICAS; count += 1) {
        await this.#add(app);
        const old = this.#replicas[app].shift();
        this.#balance();
        await old?.service.stop();
        const end = await old?.service.exited;
        ends.push({ app, code: end?.code ?? null, said: old?.service.logTail(20) ?? '' });
      }
    return ends;
  }

  async stop(): Promise<void> {
    const all = Object.values(this.#replicas).flat();
    await Promise.all(all.map(({ service }) => service.stop()));
    await this.system.stop();
    await Promise.all(Object.values(this.balancers).map((balancer) => balancer.stop()));
  }

  async #add(app: AppName, root?: string): Promise<void> {
    this.#replicas[app].push(await startReplica(this.system, root === undefined ? { app } : { app, root }));
    this.#balance();
  }

  #balance(): void {
    this.balancers.api.pointAt(this.#replicas.api.map(({ url }) => url));
    this.balancers.gateway.pointAt(this.#replicas.gateway.map(({ url }) => url));
  }
}
