import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import type { Lease } from '../../media/uploads/lease.ts';
import type { UploadSession } from '../../media/uploads/upload-session.ts';
import type { ExpectedChecksum } from './checksum.ts';

/**
 * What one request knows of its upload. @tus/server calls locker and store with an id only; this goes with
 * the call beside it, and with it the request itself, whose body we read without web streams.
 */
export interface UploadScope {
  request: IncomingMessage;
  /** As it is under the lease; before that, as the route read it. */
  session: UploadSession;
  lease?: Lease | undefined;
  /** Made by this request: nobody else knows its id yet. */
  isNew: boolean;
  checksum?: ExpectedChecksum | undefined;
  /** Called when somebody else asks for this upload. */
  onReleaseRequest?: (() => void) | undefined;
  /** Somebody asked before there was anybody to tell. */
  releaseRequested?: boolean;
}

const scopes = new AsyncLocalStorage<UploadScope>();

export const runInScope = <T>(scope: UploadScope, work: () => Promise<T>): Promise<T> =>
  scopes.run(scope, work);

/** @throws outside of {@link runInScope} */
export const currentScope = (): UploadScope => {
  const scope = scopes.getStore();
  if (scope === undefined) throw new Error('an upload was touched outside of its request');
  return scope;
};
