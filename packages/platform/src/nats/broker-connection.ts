import { readFileSync } from 'node:fs';
import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  type TlsOptions,
  usernamePasswordAuthenticator,
} from '@nats-io/nats-core';
import { readBrokerAddress } from './broker-address.ts';

/** Files with which a process proves its identity, and verifies the broker's. */
export interface BrokerFiles {
  /** Credentials of an operator-mode cluster. */
  credentials?: string | undefined;
  /** Seed of an nkey. */
  nkey?: string | undefined;
  certificateAuthority?: string | undefined;
  certificate?: string | undefined;
  key?: string | undefined;
  /** TLS before the broker's greeting; the server must be configured for it. */
  handshakeFirst?: boolean | undefined;
}

const readText = (path: string): string => readFileSync(path, 'utf8').trim();
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Reads the files at each connection, so that a replaced file or password is used. */
const authenticatorFor = (
  url: () => string,
  { credentials, nkey }: BrokerFiles,
): Authenticator | undefined => {
  // The client's parser needs a line break after the last line, and none after a seed.
  if (credentials !== undefined) return credsAuthenticator(() => encode(`${readText(credentials)}\n`));
  if (nkey !== undefined) return nkeyAuthenticator(() => encode(readText(nkey)));
  if (readBrokerAddress(url()).user === undefined) return undefined;
  return usernamePasswordAuthenticator(
    () => readBrokerAddress(url()).user ?? '',
    () => readBrokerAddress(url()).pass ?? '',
  );
};

const tlsFor = (isTls: boolean, files: BrokerFiles): TlsOptions | undefined => {
  const { certificateAuthority, certificate, key, handshakeFirst } = files;
  const named = certificateAuthority ?? certificate ?? key;
  if (!isTls && named === undefined && handshakeFirst !== true) return undefined;
  return {
    ...(certificateAuthority === undefined ? {} : { caFile: certificateAuthority }),
    ...(certificate === undefined ? {} : { certFile: certificate }),
    ...(key === undefined ? {} : { keyFile: key }),
    ...(handshakeFirst === true ? { handshakeFirst } : {}),
  };
};

/** Returns the connection options that say where and how to reach the broker. */
export const toConnectionOptions = (url: () => string, files: BrokerFiles = {}): ConnectionOptions => {
  const { servers, isTls } = readBrokerAddress(url());
  const authenticator = authenticatorFor(url, files);
  // With `tls`, the client refuses a broker without TLS before it sends anything.
  const tls = tlsFor(isTls, files);
  // Without asynchronous traces, because each confirmed publish would build two errors with their stacks.
  return { servers, noAsyncTraces: true, ...(authenticator && { authenticator }), ...(tls && { tls }) };
};
