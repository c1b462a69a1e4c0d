import type { Environment } from './environment.ts';
import type { PortName, Secrets } from './persisted-settings.ts';
import type { Progress } from './progress.ts';

/** Settings with which every server of the stack starts. */
export interface ServiceContext {
  /** Absolute; locked by us. */
  dataDir: string;
  logDir: string;
  env: Environment;
  ports: Record<PortName, number>;
  secrets: Secrets;
  onProgress: Progress;
  signal?: AbortSignal | undefined;
  /** Aborts the start, in addition to our own signal. */
  postgresSettings: Readonly<Record<string, string>>;
}
