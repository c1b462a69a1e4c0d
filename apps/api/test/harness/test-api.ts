import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import jwt from 'jsonwebtoken';
import { type Context, compose, type Tools } from '../../src/compose.ts';
import { readApiConfig } from '../../src/config.ts';
import { createApp } from '../../src/roles/app.ts';
import { composeUploads, type Uploads } from '../../src/tus/compose.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

export interface TestApi {
  url: string;
  env: Record<string, string>;
  context: Context;
  db: TestDatabase;
  app: Express;
  uploads: Uploads;
  /** A host's token. */
  tokenFor(user: string, claims?: { scope?: string; expiresIn?: number }): string;
  post(
    user: string,
    path: string,
    body: object,
    headers?: Record<string, string>,
  ): Promise<{ status: number; text: string; headers: Headers }>;
  close(): Promise<void>;
}

/**
 * Runs the role `http` in this process, on the test run's servers, with a separate database and subjects.
 *
 * @param overrides configuration that differs
 * @param tools a logger, for instance
 */
export const startTestApi = async (
  stack: Record<string, string>,
  overrides: Record<string, string> = {},
  tools: Partial<Tools> = {},
): Promise<TestApi> => {
  const db = await createTestDatabase(stack.DATABASE_URL ?? '');
  const secret = randomBytes(32).toString('hex');
  const appName = `t${randomBytes(5).toString('hex')}`;
  const env = {
    ...stack,
    APP_NAME: appName,
    DATABASE_URL: db.url,
    AUTH_JWT_SECRET: secret,
    // Tests wait for tokens to expire.
    AUTH_CLOCK_TOLERANCE: '0s',
    TOKEN_SECRETS: `one:${randomBytes(32).toString('hex')}`,
    CONVERSATION_ADMIN: 'creator',
    CORS_ORIGINS: 'https://chat.example',
    LOG_LEVEL: 'silent',
    ...overrides,
  };
  const context = await compose(readApiConfig(env), tools);
  const uploads = composeUploads(context, context.bus);
  const app = createApp(context, uploads);
  const server = http.createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const tokenFor: TestApi['tokenFor'] = (user, { scope, expiresIn = 600 } = {}) =>
    jwt.sign(scope === undefined ? {} : { scope }, secret, { subject: user, expiresIn });
  return {
    url,
    env,
    context,
    db,
    app,
    uploads,
    tokenFor,
    post: async (user, path, body, headers = {}) => {
      const token = tokenFor(user);
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      });
      return { status: response.status, text: await response.text(), headers: response.headers };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      for (const { name } of Object.values(context.bus.streams))
        await context.bus.manager.streams.delete(name);
      await context.shutdown.run();
      await db.close();
    },
  };
};
