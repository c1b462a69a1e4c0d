import { randomBytes } from 'node:crypto';
import { expect, inject, test, vi } from 'vitest';
import { createTestDatabase } from './harness/test-database.ts';

const created = vi.hoisted(() => ({ clients: 0 }));

vi.mock('@aws-sdk/client-s3', async (importOriginal) => {
  const sdk = await importOriginal<typeof import('@aws-sdk/client-s3')>();
  class CountedClient extends sdk.S3Client {
    constructor(...options: ConstructorParameters<typeof sdk.S3Client>) {
      super(...options);
      created.clients += 1;
    }
  }
  return { ...sdk, S3Client: CountedClient };
});

test('an api with both roles, whose store has a public address, has two S3 clients', async () => {
  const { compose } = await import('../src/compose.ts');
  const { readApiConfig } = await import('../src/config.ts');
  const { startBackgroundRole } = await import('../src/roles/background-role.ts');
  const { startHttpRole } = await import('../src/roles/http-role.ts');
  const stack: Record<string, string> = inject('stack');
  const db = await createTestDatabase(stack.DATABASE_URL ?? '');
  const config = readApiConfig({
    ...stack,
    APP_NAME: `t${randomBytes(5).toString('hex')}`,
    DATABASE_URL: db.url,
    AUTH_JWT_SECRET: randomBytes(32).toString('hex'),
    S3_PUBLIC_ENDPOINT: 'https://media.example',
    LOG_LEVEL: 'silent',
  });
  const context = await compose({ ...config, port: 0 });
  try {
    await startBackgroundRole(context);
    await startHttpRole(context);
    expect(created.clients).toBe(2);
  } finally {
    await context.shutdown.run();
    await db.close();
  }
});
