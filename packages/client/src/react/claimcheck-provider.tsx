import { createContext, type ReactNode, useContext } from 'react';
import type { ClaimcheckClient } from '../claimcheck-client.ts';
import type { LoadHls } from './hls.ts';

interface Provided {
  client: ClaimcheckClient;
  loadHls: LoadHls | undefined;
}

const ClaimcheckContext = createContext<Provided | undefined>(undefined);

export interface ClaimcheckProviderProps {
  client: ClaimcheckClient;
  /** `() => import('hls.js')`, for films in HLS. Without it, the player uses the mp4 if there is one. */
  loadHls?: LoadHls;
  children?: ReactNode;
}

/** Provides a client to every component below. */
export const ClaimcheckProvider = ({ client, loadHls, children }: ClaimcheckProviderProps) => (
  <ClaimcheckContext.Provider value={{ client, loadHls }}>{children}</ClaimcheckContext.Provider>
);

export const useProvided = (): Provided => {
  const provided = useContext(ClaimcheckContext);
  if (provided === undefined)
    throw new Error(
      'There is no Claimcheck client here. Put <ClaimcheckProvider client={createClient(…)}> around this component.',
    );
  return provided;
};

/** Returns the client of the nearest provider. */
export const useClient = (): ClaimcheckClient => useProvided().client;
