import { useSyncExternalStore } from 'react';
import type { Readable } from '../observable.ts';

/** Returns a value of the SDK as state of a component. */
export const useReadable = <State>(readable: Readable<State>): State =>
  useSyncExternalStore(readable.subscribe, readable.get, readable.get);
