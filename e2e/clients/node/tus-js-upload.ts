// Runs one upload with tus-js-client, which resumes if an earlier run of the same file left one.
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { FileUrlStorage, Upload, type UploadOptions, type UrlStorage } from 'tus-js-client';
import type { ClientTask } from '../interrupted-upload.ts';

// Its types are those of the browser's build.
declare module 'tus-js-client' {
  class FileUrlStorage implements UrlStorage {
    constructor(path: string);
    findAllUploads: UrlStorage['findAllUploads'];
    findUploadsByFingerprint: UrlStorage['findUploadsByFingerprint'];
    removeUpload: UrlStorage['removeUpload'];
    addUpload: UrlStorage['addUpload'];
  }
}

export interface TusJsTask extends ClientTask {
  options: Pick<
    UploadOptions,
    | 'chunkSize'
    | 'parallelUploads'
    | 'uploadDataDuringCreation'
    | 'uploadLengthDeferred'
    | 'overridePatchMethod'
  >;
  /** How the client gets the file: as a file, as bytes, or as a stream of unknown length. */
  input: 'file' | 'buffer' | 'stream';
  /** Aborts after this many bytes, and resumes with a new client of the same process. */
  abortAt?: number;
}

const task: TusJsTask = JSON.parse(process.argv[2] ?? '');
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const openInput = async () => {
  if (task.input === 'buffer') return readFile(task.file);
  const file = createReadStream(task.file);
  return task.input === 'file' ? file : file.pipe(new PassThrough());
};

const makeUpload = async (onProgress: (sent: number) => void): Promise<Upload> => {
  const upload = new Upload(await openInput(), {
    ...task.options,
    endpoint: task.endpoint,
    headers: { authorization: `Bearer ${task.token}` },
    metadata: { filename: 'random.bin', filetype: 'application/octet-stream' },
    retryDelays: [100, 200, 400, 1_000, 1_000, 1_000],
    urlStorage: new FileUrlStorage(task.state),
    onProgress,
    onAfterResponse: (request, response) => {
      if (request.getMethod() !== 'HEAD' || response.getStatus() !== 200) return;
      print({ resumed_at: Number(response.getHeader('Upload-Offset')) });
    },
    onError: (error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
    onSuccess: () => print({ url: upload.url }),
  });
  const [previous] = await upload.findPreviousUploads();
  if (previous !== undefined) upload.resumeFromPreviousUpload(previous);
  return upload;
};

const abortAt = task.abortAt;
const first = await makeUpload((sent) => {
  print({ sent });
  if (abortAt === undefined || sent < abortAt) return;
  void first
    .abort()
    .then(() => makeUpload((further) => print({ sent: further })))
    .then((second) => second.start());
});
first.start();
