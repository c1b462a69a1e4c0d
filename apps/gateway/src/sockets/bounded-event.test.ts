import { LIMITS } from '@claimcheck/contracts/limits';
import { Encoder, PacketType } from 'socket.io-parser';
import { expect, test } from 'vitest';
import { boundedPayload } from './bounded-event.ts';
import type { GatewayServer } from './types.ts';

const payloadOf = (text: string) => ({ conversation_id: 'c1', seq: 1, message: { message_id: text } });

/** Returns the bytes of an event on the wire, as Socket.IO itself encodes it, with the engine's prefix. */
const wireBytes = (payload: object): number => {
  const data = ['message.deleted', payload];
  const [packet = ''] = new Encoder().encode({ type: PacketType.EVENT, nsp: '/', data });
  return Buffer.byteLength(packet) + 1;
};

test.each(['x', 'ü', '😀', '"', '\n'])(
  'the largest event of %j that can be built has at most 8 KiB',
  (unit) => {
    const fits = (count: number) => boundedPayload('message.deleted', payloadOf(unit.repeat(count)));
    let count = Math.floor(LIMITS.eventBytes / Buffer.byteLength(JSON.stringify(unit)));
    while (fits(count + 1) !== undefined) count += 1;
    expect(fits(count)).toEqual(payloadOf(unit.repeat(count)));
    expect(wireBytes(payloadOf(unit.repeat(count)))).toBeLessThanOrEqual(LIMITS.eventBytes);
    expect(wireBytes(payloadOf(unit.repeat(count + 1)))).toBeGreaterThan(LIMITS.eventBytes);
  },
);

test('an unmeasured payload cannot be emitted', () => {
  // Only its types matter: it is never called.
  const emit = (io: GatewayServer) => {
    // @ts-expect-error the compiler refuses a bare payload
    io.emit('resync', { conversation_id: 'c1' });
    const payload = boundedPayload('resync', { conversation_id: 'c1' });
    // @ts-expect-error and one that may have been too large
    io.emit('resync', payload);
    if (payload !== undefined) io.emit('resync', payload);
  };
  expect(emit).toBeTypeOf('function');
});
