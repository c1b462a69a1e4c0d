import type { ConversationEvent, Message } from '../wire/conversation.ts';
import { type Messages, withEvents, withMessages } from './conversation-state.ts';

/** A request for messages, to the service or the store. Events that arrive meanwhile are newer than its answer. */
export interface PageRequest {
  readonly since: (ConversationEvent | Message)[];
  /** Counts the lists so far: an answer for an earlier list is dropped. */
  readonly list: number;
}

interface LoadedPage {
  messages: readonly Message[];
  lastSeq: number;
  hasOlder: boolean;
}

/** Live messages beyond this many are dropped from the old end, and loaded again when a user scrolls there. */
const MOST_KEPT = 1_000;

/**
 * The newest messages of a conversation. Every message enters through this class (page, event, answer to sending,
 * store), in any order: a late answer never overwrites newer state, and a deleted message stays deleted.
 */
export class MessageWindow {
  #messages: Messages = [];
  #lastSeq = 0;
  #hasOlder = false;
  #mostKept = MOST_KEPT;
  /** Counts the lists: a page of older messages belongs to one of them. */
  #list = 0;
  readonly #requests = new Set<PageRequest>();

  /** Sorted by seq. */
  get messages(): Messages {
    return this.#messages;
  }

  /** Number of the last event that is in the list. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  get hasOlder(): boolean {
    return this.#hasOlder;
  }

  clear(): void {
    this.#list += 1;
    this.#messages = [];
    this.#lastSeq = 0;
    this.#hasOlder = false;
  }

  /** Call this before you request messages, then `replace`, `prepend` or `forget` with the result. */
  request(): PageRequest {
    const request = { since: [], list: this.#list };
    this.#requests.add(request);
    return request;
  }

  forget(request: PageRequest): void {
    this.#requests.delete(request);
  }

  /** Restarts the list with the newest messages. */
  replace(request: PageRequest, { messages, lastSeq, hasOlder }: LoadedPage): void {
    this.forget(request);
    this.#list += 1;
    this.#messages = withMessages([], messages);
    this.#lastSeq = lastSeq;
    this.#hasOlder = hasOlder;
    this.#mostKept = MOST_KEPT;
    this.apply(request.since.filter(isEvent));
    for (const news of request.since) if (!isEvent(news)) this.add(news);
  }

  /** Adds older messages, unless the list was replaced since the request: they would leave a hole. */
  prepend(request: PageRequest, messages: readonly Message[], hasOlder: boolean): void {
    this.forget(request);
    if (request.list !== this.#list) return;
    const isNewer = new Set(this.#messages.map(({ message_id }) => message_id));
    const older = messages.filter(({ message_id }) => !isNewer.has(message_id));
    this.#messages = withEvents(withMessages(this.#messages, older), request.since.filter(isEvent));
    this.#hasOlder = hasOlder;
    this.#mostKept = this.#messages.length + MOST_KEPT;
  }

  apply(events: readonly ConversationEvent[]): void {
    for (const { since } of this.#requests) since.push(...events);
    const news = events.filter(({ seq }) => seq > this.#lastSeq);
    this.#messages = withEvents(this.#messages, news);
    this.#lastSeq = news.at(-1)?.seq ?? this.#lastSeq;
    if (this.#messages.length <= this.#mostKept) return;
    this.#messages = this.#messages.slice(-this.#mostKept);
    this.#hasOlder = true;
  }

  /** Adds the answer to sending a message. A list that is past its seq without the message has seen its deletion. */
  add(message: Message): void {
    for (const { since } of this.#requests) since.push(message);
    const isKnown = this.#messages.some(({ message_id }) => message_id === message.message_id);
    if (isKnown || message.seq > this.#lastSeq) this.#messages = withMessages(this.#messages, [message]);
  }
}

const isEvent = (news: ConversationEvent | Message): news is ConversationEvent => 'type' in news;
