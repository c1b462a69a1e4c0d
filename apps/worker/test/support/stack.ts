import { fileURLToPath } from 'node:url';

declare module 'vitest' {
  interface ProvidedContext {
    /** Environment variables of the running servers: NATS_URL, S3_…, CLAMAV_…. */
    stack: Record<string, string>;
  }
}

export const workerFolder = fileURLToPath(new URL('../../', import.meta.url));

export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../../e2e/fixtures/${name}`, import.meta.url));
