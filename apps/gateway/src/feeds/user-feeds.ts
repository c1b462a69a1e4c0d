import type { UserAnnouncement } from '@claimcheck/contracts/socket-events';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { ConversationReader } from './conversation-reader.ts';
import { parseUserAnnouncement } from './parse-announcement.ts';

export interface UserListener {
  onAnnounced(announcement: UserAnnouncement): void;
}

export interface UserFeedDependencies {
  reader: ConversationReader;
  /** Core NATS subscription to a user; returns a function that ends it. */
  follow(userId: string, onMessage: (data: Uint8Array) => void): () => void;
  onMalformed(userId: string): void;
  logger: Logger;
}

interface Entry {
  listeners: Set<UserListener>;
  unfollow: () => void;
  /** Announcements are handled one after the other, or a slow check would reverse their order. */
  queue: Promise<void> | undefined;
}

/** Events that concern a user: one broker subscription per connected user, for all sockets. */
export class UserFeeds {
  readonly #entries = new Map<string, Entry>();
  readonly #deps: UserFeedDependencies;

  constructor(deps: UserFeedDependencies) {
    this.#deps = deps;
  }

  listen(userId: string, listener: UserListener): void {
    const entry = this.#entries.get(userId) ?? this.#open(userId);
    entry.listeners.add(listener);
  }

  unlisten(userId: string, listener: UserListener): void {
    const entry = this.#entries.get(userId);
    if (!entry?.listeners.delete(listener) || entry.listeners.size > 0) return;
    entry.unfollow();
    this.#entries.delete(userId);
  }

  #open(userId: string): Entry {
    const entry: Entry = { listeners: new Set(), unfollow: () => {}, queue: undefined };
    entry.unfollow = this.#deps.follow(userId, (data) => {
      const announcement = parseUserAnnouncement(data);
      if (announcement === undefined) return this.#deps.onMalformed(userId);
      entry.queue = (entry.queue ?? Promise.resolve()).then(() => this.#handle(userId, entry, announcement));
    });
    this.#entries.set(userId, entry);
    return entry;
  }

  async #handle(userId: string, entry: Entry, announcement: UserAnnouncement): Promise<void> {
    const outdated =
      announcement.type === 'conversation.removed' &&
      (await this.#isStillMember(userId, announcement.conversation_id));
    if (outdated) return;
    for (const listener of [...entry.listeners]) listener.onAnnounced(announcement);
  }

  /** A removal may arrive after the user was added again. Without an answer, the removal stands. */
  async #isStillMember(userId: string, conversationId: string): Promise<boolean> {
    try {
      return await this.#deps.reader.isMember(conversationId, userId);
    } catch (error) {
      this.#deps.logger.warn({ err: error, user_id: userId }, 'could not check a membership');
      return false;
    }
  }
}
