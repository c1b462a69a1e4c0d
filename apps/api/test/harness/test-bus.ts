import { randomBytes } from 'node:crypto';
import { Bus } from '@claimcheck/platform/nats/bus';
import { createLogger } from '@claimcheck/platform/process/logger';

export interface TestBus {
  bus: Bus;
  appName: string;
  /** Opens another connection to the same streams, as another process has it. */
  connect(overrides?: Record<string, string>): Promise<Bus>;
  close(): Promise<void>;
}

export const logger = createLogger('api-test', 'silent');

/** Creates separate streams on the test run's broker. */
export const createTestBus = async (url: string): Promise<TestBus> => {
  const appName = `api-test-${randomBytes(4).toString('hex')}`;
  const opened: Bus[] = [];
  const connect = async (overrides: Record<string, string> = {}): Promise<Bus> => {
    const bus = await Bus.connect({ url, name: appName, appName, overrides, logger });
    opened.push(bus);
    return bus;
  };
  const bus = await connect();
  await bus.ensureStreams();
  return {
    bus,
    appName,
    connect,
    close: async () => {
      for (const { name } of Object.values(bus.streams)) await bus.manager.streams.delete(name);
      await Promise.all(opened.map((one) => one.close()));
    },
  };
};
