import { z } from 'zod';
import { flag } from '../process/config.ts';
import { readBrokerAddress } from './broker-address.ts';
import type { BrokerFiles } from './broker-connection.ts';

const brokerUrl = z
  .string()
  .min(1)
  .transform((text, context): string => {
    try {
      readBrokerAddress(text);
    } catch (error) {
      // Some of the parser's own messages repeat the address, with its password.
      const isOurs = error instanceof Error && error.message.startsWith('must');
      context.addIssue({
        code: 'custom',
        message: isOurs ? error.message : 'must be a URL such as tls://host:4222',
      });
    }
    return text;
  });
const path = z.string().min(1).optional();

/** Variables of every process that connects to the broker. */
export const brokerVariables = {
  NATS_URL: brokerUrl.describe(
    'One or more servers with JetStream, comma-separated, with user and password: `nats://user:password@host:4222`. `tls://` is encrypted or fails.',
  ),
  NATS_CREDS_FILE: path.describe('Credentials of an operator-mode cluster.'),
  NATS_NKEY_FILE: path.describe('Seed of an nkey.'),
  NATS_CA_FILE: path.describe("Certificate authority of the broker's certificate."),
  NATS_CERT_FILE: path.describe('Client certificate for the broker.'),
  NATS_KEY_FILE: path.describe('Key of the client certificate.'),
  NATS_TLS_FIRST: flag
    .default(false)
    .describe("TLS before the broker's greeting; the broker needs `handshake_first`."),
};

/** Returns the files in {@link brokerVariables} for `Bus.connect`. */
export const toBrokerFiles = (read: z.output<z.ZodObject<typeof brokerVariables>>): BrokerFiles => ({
  credentials: read.NATS_CREDS_FILE,
  nkey: read.NATS_NKEY_FILE,
  certificateAuthority: read.NATS_CA_FILE,
  certificate: read.NATS_CERT_FILE,
  key: read.NATS_KEY_FILE,
  handshakeFirst: read.NATS_TLS_FIRST,
});

/** A subject without wildcards, to which a process publishes. */
const subject = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, 'must be words of [A-Za-z0-9_-] with dots between them');

/** Variables that api and worker share: the subjects between them. */
export const subjectVariables = {
  SUBJECT_OPTIMIZE_REQUEST: subject.optional().meta({
    description:
      'Replaces the subject of requests. Must be the same in every process; `claimcheck doctor` compares.',
    byDefault: '`{app}.media.optimize.request`',
  }),
  SUBJECT_OPTIMIZE_RESPONSE: subject.optional().meta({
    description: 'Replaces the subject of responses.',
    byDefault: '`{app}.media.optimize.response`',
  }),
  SUBJECT_VIRUS: subject.optional().meta({
    description: 'Replaces the subject of virus events.',
    byDefault: '`{app}.media.optimize.response.virus`',
  }),
};

/** Returns the subjects in {@link subjectVariables} for `Bus.connect`. */
export const toSubjectOverrides = (read: {
  SUBJECT_OPTIMIZE_REQUEST?: string | undefined;
  SUBJECT_OPTIMIZE_RESPONSE?: string | undefined;
  SUBJECT_VIRUS?: string | undefined;
}) => ({
  optimizeRequest: read.SUBJECT_OPTIMIZE_REQUEST,
  optimizeResponse: read.SUBJECT_OPTIMIZE_RESPONSE,
  virus: read.SUBJECT_VIRUS,
});
