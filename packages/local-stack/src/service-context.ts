import type { Environment } from './environment.ts';
import type { PortName, Secrets } from './persisted-settings.ts';
import type { Progress } from './progress.ts';

/** What every server of the stack is started with. */
export interface ServiceContext {
  /** Absolute; locked by us. */
  dataDir: string;
  logDir: string;
  env: Environment;
  ports: Record<PortName, number>;
  secrets: Secrets;
  onProgress: Progress;
  signal?: AbortSignal | undefined;
  /** Beside our own. */
  postgresSettings: Readonly<Record<string, string>>;
}
