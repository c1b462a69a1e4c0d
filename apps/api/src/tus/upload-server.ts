import { isMissing, type Storage, s3ClientConfig } from '@claimcheck/platform/storage';
import { S3Store } from '@tus/s3-store';
import { Server } from '@tus/server';
import type { Response as ExpressResponse, Request } from 'express';
import { NodeRequest, sendNodeResponse } from 'srvx/node';
import { finalizeUpload } from '../media/finalize-upload.ts';
import type { HttpContext } from '../request/context.ts';
import { sendProblem } from '../request/problem-response.ts';
import { toTusProblem } from './tus-problem.ts';

const PART_SIZE = 8 * 1_024 * 1_024;

const sourceKey = (uploadId: string) => `${uploadId}/source`;
const uploadIdOf = (key: string) => key.slice(0, key.indexOf('/'));

class UploadStore extends S3Store {
  /** S3 opens a multipart upload at the creation; one without bytes would stay open for ever. */
  async abortEmpty(key: string, storage: Storage): Promise<void> {
    const { 'upload-id': multipartId } = await this.getMetadata(key);
    try {
      await storage.abortMultipartUpload(key, multipartId);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}

/** The tus protocol on S3; who may do what is decided in front of it, by the routes. */
export class UploadServer {
  readonly #server: Server;
  readonly #store: UploadStore;
  readonly #context: HttpContext;
  /** The id that the routes reserved for a creation. */
  readonly #reserved = new WeakMap<globalThis.Request, string>();

  constructor(context: HttpContext) {
    this.#context = context;
    const { config } = context;
    this.#store = new UploadStore({
      partSize: PART_SIZE,
      useTags: false,
      s3ClientConfig: { ...s3ClientConfig(config.storage), bucket: config.storage.bucket },
    });
    this.#server = new Server({
      path: '/v1/uploads',
      datastore: this.#store,
      maxSize: config.maxUploadBytes,
      lockDrainTimeout: 200,
      // The upload's id is the media object's; in the bucket it is a prefix.
      namingFunction: (request) => sourceKey(this.#reserved.get(request as globalThis.Request) ?? ''),
      getFileIdFromRequest: (_request, lastPath) =>
        lastPath === undefined ? undefined : sourceKey(lastPath),
      generateUrl: (_request, { id }) => this.urlOf(uploadIdOf(id)),
      onUploadFinish: async (_request, upload) => {
        await this.finish(uploadIdOf(upload.id), upload.size ?? 0);
        return {};
      },
    });
  }

  /** The address of an upload, on our public origin whatever proxy is in front. */
  urlOf(uploadId: string): string {
    return `${this.#context.config.publicUrl}/v1/uploads/${uploadId}`;
  }

  /** Speaks tus for one request; errors of the protocol leave as problem documents. */
  async handle(request: Request, response: ExpressResponse, reservedId?: string): Promise<void> {
    const webRequest = new NodeRequest({ req: request, res: response });
    if (reservedId !== undefined) this.#reserved.set(webRequest as unknown as globalThis.Request, reservedId);
    const answer = await this.#server.handleWeb(webRequest as never);
    // CORS is answered by one place for all routes.
    for (const name of [...answer.headers.keys()])
      if (name.startsWith('access-control-')) answer.headers.delete(name);
    if (answer.status < 400) {
      await sendNodeResponse(response, answer);
      return;
    }
    response.set('Tus-Resumable', '1.0.0');
    // What is left of a refused body is not read.
    if (!request.complete) response.set('Connection', 'close');
    sendProblem(response, toTusProblem(answer.status, await answer.text(), this.#context.logger));
  }

  /** The offset that the store has, and the length; undefined when the store has no such upload. */
  async status(uploadId: string): Promise<{ offset: number; length: number | undefined } | undefined> {
    try {
      const upload = await this.#store.getUpload(sourceKey(uploadId));
      return { offset: upload.offset, length: upload.size };
    } catch (error) {
      if ((error as { status_code?: unknown }).status_code === 404) return undefined;
      throw error;
    }
  }

  /** Finalizes an upload whose bytes are all there, when the storage really has them. Repeatable. */
  async finish(uploadId: string, sizeBytes: number): Promise<void> {
    const { database, settings, storage, metrics, logger } = this.#context;
    if (sizeBytes > 0) {
      const object = await storage.head(sourceKey(uploadId));
      if (object?.size_bytes !== sizeBytes) {
        logger.error(
          { upload: uploadId, expected: sizeBytes, found: object?.size_bytes },
          'upload is not whole',
        );
        throw new Error('the stored object has another size than the upload');
      }
    } else await this.#store.abortEmpty(sourceKey(uploadId), storage);
    const first = await database.transaction((tx) => finalizeUpload(tx, settings, uploadId, sizeBytes));
    if (!first) return;
    metrics.uploads.inc({ protocol: 'tus', outcome: 'finished' });
    metrics.uploadBytes.inc(sizeBytes);
    logger.info({ upload: uploadId, size_bytes: sizeBytes }, 'upload finished');
  }

  /** Removes an unfinished upload from the storage. */
  async remove(uploadId: string): Promise<void> {
    try {
      await this.#store.remove(sourceKey(uploadId));
    } catch (error) {
      if ((error as { status_code?: unknown }).status_code !== 404) throw error;
    }
  }
}

export const createUploadServer = (context: HttpContext): UploadServer => new UploadServer(context);
