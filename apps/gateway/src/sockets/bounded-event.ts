import { LIMITS } from '@claimcheck/contracts/limits';
import type { ServerToClientEvents } from '@claimcheck/contracts/socket-events';

declare const bounded: unique symbol;

type EventName = keyof ServerToClientEvents;
export type PayloadOf<Name extends EventName> = Parameters<ServerToClientEvents[Name]>[0];

/** A payload that {@link boundedPayload} has measured: it fits into one event. */
export type Bounded<Payload> = Payload & { readonly [bounded]: true };

/** The contract's events as the Socket.IO server may emit them: only with measured payloads. */
export type BoundedEvents = {
  [Name in EventName]: (payload: Bounded<PayloadOf<Name>>) => void;
};

// Engine.IO and Socket.IO put "42" before an event's JSON.
const PREFIX_BYTES = 2;

/** @returns undefined when name and payload together would be larger than `LIMITS.eventBytes` */
export const boundedPayload = <Name extends EventName>(
  name: Name,
  payload: PayloadOf<Name>,
): Bounded<PayloadOf<Name>> | undefined => {
  const bytes = PREFIX_BYTES + Buffer.byteLength(JSON.stringify([name, payload]));
  return bytes <= LIMITS.eventBytes ? (payload as Bounded<PayloadOf<Name>>) : undefined;
};
