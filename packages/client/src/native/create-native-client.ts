import type { ClaimcheckClient, ClientOptions } from '../create-client.ts';
import { createClient } from '../create-client.ts';
import type { KeyValueStore } from '../store/key-value-store.ts';
import { fillGaps } from './fill-gaps.ts';

export interface NativeOptions extends ClientOptions {
  /** `randomUUID` of expo-crypto, or of the app's own library. */
  randomUuid: () => string;
  /** Where unsent messages are kept: an adapter of AsyncStorage or of SQLite. It need not keep files. */
  store: KeyValueStore;
}

/**
 * The client in React Native and Expo. Fills the gaps of Hermes, and sends every file by tus: only that way can a file
 * be read piece by piece. Throws `invalid_option`.
 */
export const createNativeClient = ({ randomUuid, ...options }: NativeOptions): ClaimcheckClient => {
  fillGaps(randomUuid);
  const uploads = { ...options.uploads, protocols: ['tus' as const], describe: false, hashUpTo: 0 };
  return createClient({ ...options, uploads });
};
