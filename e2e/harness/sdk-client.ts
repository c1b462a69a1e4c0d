import { type ClaimcheckClient, type ClientOptions, createClient, memoryStore } from '@claimcheck/client';
import type { System } from './system.ts';

/** Creates the SDK for one user; it is closed with the others. */
export class SdkClients {
  readonly #system: System;
  readonly #clients: ClaimcheckClient[] = [];

  constructor(system: System) {
    this.#system = system;
  }

  open(userId: string, options: Partial<ClientOptions> = {}): ClaimcheckClient {
    const client = createClient({
      baseUrl: this.#system.apiUrl,
      getToken: () => this.#system.tokenFor(userId),
      store: memoryStore(),
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}
