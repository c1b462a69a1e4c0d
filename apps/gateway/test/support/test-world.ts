import { randomBytes, randomUUID } from 'node:crypto';
import { Database } from '@claimcheck/database/database';
import { Bus } from '@claimcheck/platform/nats/bus';
import { createLogger } from '@claimcheck/platform/process/logger';
import jwt from 'jsonwebtoken';
import { inject } from 'vitest';
import { ConversationWriter } from './conversation-writer.ts';
import { GatewayProcess } from './gateway-process.ts';
import { TestClient } from './test-client.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Environment variables of the running servers, by the global setup of the test run. */
    stack: Record<string, string>;
  }
}

const SECRET = randomBytes(32).toString('hex');

/** A user name that no other test uses. */
export const someUser = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`;

/** Signs a token as a host application does. `exp`: seconds from now. */
export const tokenOf = (userId: string, options: { expiresIn?: number; secret?: string } = {}): string =>
  jwt.sign({}, options.secret ?? SECRET, {
    subject: userId,
    expiresIn: options.expiresIn ?? 3_600,
    algorithm: 'HS256',
  });

/** The environment of one test file: its own database and subjects, real servers, gateways as processes. */
export class TestWorld {
  readonly writer: ConversationWriter;
  readonly natsUrl: string;
  readonly #database: Database;
  readonly #testDatabase: TestDatabase;
  readonly #bus: Bus;
  readonly #appName: string;
  readonly #gateways: GatewayProcess[] = [];
  readonly #clients: TestClient[] = [];

  private constructor(testDatabase: TestDatabase, bus: Bus, appName: string, natsUrl: string) {
    this.#testDatabase = testDatabase;
    this.#database = new Database({ url: testDatabase.url, poolSize: 4 });
    this.#bus = bus;
    this.#appName = appName;
    this.natsUrl = natsUrl;
    this.writer = new ConversationWriter(this.#database, bus);
  }

  static async create(): Promise<TestWorld> {
    const { DATABASE_URL, NATS_URL } = inject('stack');
    if (DATABASE_URL === undefined || NATS_URL === undefined) throw new Error('the stack is not complete');
    const appName = `gateway-${randomUUID()}`;
    const testDatabase = await createTestDatabase(DATABASE_URL);
    const bus = await Bus.connect({
      url: NATS_URL,
      name: 'test',
      appName,
      logger: createLogger('test', 'silent'),
    });
    return new TestWorld(testDatabase, bus, appName, NATS_URL);
  }

  environment(): Record<string, string> {
    return {
      APP_NAME: this.#appName,
      DATABASE_URL: this.#testDatabase.readerUrl,
      NATS_URL: this.natsUrl,
      AUTH_JWT_SECRET: SECRET,
      // Tests wait for tokens to expire.
      AUTH_CLOCK_TOLERANCE: '0s',
      PUBLIC_URL: 'http://chat.example',
    };
  }

  async startGateway(overrides: Record<string, string> = {}): Promise<GatewayProcess> {
    const gateway = await GatewayProcess.start({ ...this.environment(), ...overrides });
    this.#gateways.push(gateway);
    return gateway;
  }

  async connect(gateway: GatewayProcess, userId: string, token = tokenOf(userId)): Promise<TestClient> {
    const client = await TestClient.connect(gateway.url, token);
    this.#clients.push(client);
    return client;
  }

  /** Opens connections that may be refused. */
  attempt(gateway: GatewayProcess, options: ConstructorParameters<typeof TestClient>[1]): TestClient {
    const client = new TestClient(gateway.url, options);
    this.#clients.push(client);
    return client;
  }

  /** Resolves when everything announced so far has reached the broker. */
  async flush(): Promise<void> {
    await this.#bus.connection.flush();
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await Promise.all(this.#gateways.map((gateway) => gateway.stop()));
    await this.#bus.close();
    await this.#database.close();
    await this.#testDatabase.drop();
  }
}
