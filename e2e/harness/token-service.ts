import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { S3Client } from '@aws-sdk/client-s3';
import type { S3Access } from '@claimcheck/local-stack/s3-bucket';

/** Keys with a session token, which MinIO verifies. */
export interface TemporaryKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

const SHORTEST_SECONDS = 900;

const inTag = (xml: string, tag: string): string =>
  new RegExp(`<${tag}>([^<]+)</${tag}>`).exec(xml)?.[1] ?? '';

/** Asks MinIO's STS for temporary keys. */
export const assumeRole = async ({ endpoint, region, ...keys }: S3Access): Promise<TemporaryKeys> => {
  const { host, hostname, port } = new URL(endpoint);
  const client = new S3Client({ endpoint, region, credentials: keys });
  const scope = { signingName: 'sts', signingService: 'sts', signingRegion: region };
  const signer = await client.config.signer({ name: 'sigv4', properties: {}, ...scope });
  const body = `Action=AssumeRole&Version=2011-06-15&DurationSeconds=${SHORTEST_SECONDS}`;
  const headers = { host, 'content-type': 'application/x-www-form-urlencoded' };
  const address = { method: 'POST', protocol: 'http:', hostname, port: Number(port), path: '/', query: {} };
  const signed = await signer.sign({ ...address, headers, body } as never, scope as never);
  client.destroy();
  const response = await fetch(endpoint, { method: 'POST', headers: signed.headers, body });
  const answer = await response.text();
  if (!response.ok) throw new Error(answer);
  return {
    accessKeyId: inTag(answer, 'AccessKeyId'),
    secretAccessKey: inTag(answer, 'SecretAccessKey'),
    sessionToken: inTag(answer, 'SessionToken'),
  };
};

/** The part of AWS STS that gives keys for the web identity of a pod. They are of MinIO, new with each answer. */
export class TokenService {
  readonly url: string;
  /** What was sent for each answer. */
  readonly requests: URLSearchParams[] = [];
  readonly #server: http.Server;

  private constructor(server: http.Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** @param seconds life of the keys that clients see */
  static async start(access: S3Access, seconds: number): Promise<TokenService> {
    const server = http.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const service = new TokenService(server);
    server.on('request', async (request, response) => {
      service.requests.push(new URLSearchParams(await text(request)));
      const keys = await assumeRole(access);
      const expiration = new Date(Date.now() + seconds * 1_000).toISOString();
      response.writeHead(200, { 'content-type': 'text/xml' }).end(
        `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleWithWebIdentityResult>
            <AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/claimcheck/pod</Arn><AssumedRoleId>AROA:pod</AssumedRoleId></AssumedRoleUser>
            <Credentials>
              <AccessKeyId>${keys.accessKeyId}</AccessKeyId>
              <SecretAccessKey>${keys.secretAccessKey}</SecretAccessKey>
              <SessionToken>${keys.sessionToken}</SessionToken>
              <Expiration>${expiration}</Expiration>
            </Credentials>
          </AssumeRoleWithWebIdentityResult>
        </AssumeRoleWithWebIdentityResponse>`,
      );
    });
    return service;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
