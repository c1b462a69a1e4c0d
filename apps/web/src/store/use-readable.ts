import type { Readable } from '@claimcheck/client';
import { useSyncExternalStore } from 'react';

/** The state of anything of the SDK that changes; being shown is what keeps it going. */
export const useReadable = <State>({ subscribe, get }: Readable<State>): State =>
  useSyncExternalStore(subscribe, get);
