import type { ClaimcheckClient, ClientOptions } from '../claimcheck-client.ts';
import { createClient } from '../create-client.ts';
import type { KeyValueStore } from '../store/key-value-store.ts';
import { fillGaps } from './fill-gaps.ts';

export interface NativeOptions extends ClientOptions {
  /** `randomUUID` of expo-crypto, or of another library of the app. */
  randomUuid: () => string;
  /** Stores unsent messages: an adapter of AsyncStorage or SQLite. It need not store files. */
  store: KeyValueStore;
}

/**
 * Creates the client for React Native and Expo. It fills the gaps of Hermes, and sends every file by tus, the only
 * protocol with which a file can be read piece by piece. Throws `invalid_option`.
 */
export const createNativeClient = ({ randomUuid, ...options }: NativeOptions): ClaimcheckClient => {
  fillGaps(randomUuid);
  const uploads = { ...options.uploads, protocols: ['tus' as const], describe: false, hashUpTo: 0 };
  return createClient({ ...options, uploads });
};
