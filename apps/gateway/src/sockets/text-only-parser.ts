import { LIMITS } from '@claimcheck/contracts/limits';
import { Decoder, Encoder, type Packet } from 'socket.io-parser';

export interface ParserEvents {
  /** Called when a client sent a binary frame; its connection is being closed. */
  onBinary(): void;
  /** Reports a packet above {@link LIMITS.eventBytes}. It is not sent, and should never have been created. */
  onOversizePacket(packet: Packet): void;
}

// BINARY_EVENT and BINARY_ACK announce attachments.
const isBinaryPacket = (data: unknown): boolean =>
  typeof data !== 'string' || data.startsWith('5') || data.startsWith('6');

// The type that Engine.IO puts in front of a packet: "4".
const ENGINE_PREFIX_BYTES = 1;

/** Socket.IO's own parser without attachments, and with a limit on outgoing packets. */
export const createTextOnlyParser = (events: ParserEvents) => {
  class TextOnlyDecoder extends Decoder {
    constructor() {
      // The parser throws on the first attachment, and Socket.IO then closes the connection.
      super({ maxAttachments: 0 });
    }

    override add(data: unknown): void {
      if (isBinaryPacket(data)) events.onBinary();
      super.add(data);
    }
  }

  class BoundedEncoder extends Encoder {
    override encode(packet: Packet): (string | Buffer)[] {
      const encoded: (string | Buffer)[] = super.encode(packet);
      const bytes = encoded.reduce((sum, part) => sum + Buffer.byteLength(part), ENGINE_PREFIX_BYTES);
      if (bytes <= LIMITS.eventBytes) return encoded;
      events.onOversizePacket(packet);
      return [];
    }
  }

  return { Decoder: TextOnlyDecoder, Encoder: BoundedEncoder };
};
