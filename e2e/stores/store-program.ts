import type { S3Access } from '@claimcheck/local-stack/s3-bucket';

/** How to start one S3 server on loopback. */
interface StoreProgram {
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
}

interface StoreOptions {
  access: S3Access;
  port: number;
  dataDir: string;
}

/** Finds or installs a store, pinned, and says how it is started. @throws Error that names what is missing */
export type FindStore = (options: StoreOptions) => Promise<StoreProgram>;
