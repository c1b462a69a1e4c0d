import { ClaimcheckError, cancelledError, errorOfAnswer, networkError } from '../claimcheck-error.ts';

interface PutOptions {
  headers: Record<string, string>;
  signal: AbortSignal;
  onProgress: (sentBytes: number) => void;
}

interface StorageAnswer {
  status: number;
  text: string;
}

/** The key is taken: an earlier attempt succeeded, and the service checks the object. */
const EXISTS = 412;
/** A signature has expired: a new one helps. S3 answers slow senders and corrupt bytes with 400 and those names. */
const isPassing = ({ status, text }: StorageAnswer) =>
  status === 403 ||
  status === 408 ||
  status === 429 ||
  status >= 500 ||
  /RequestTimeout|BadDigest|IncompleteBody/.test(text);

/**
 * PUTs bytes to a signed address of the storage, with their MD5. Not every store detects a connection that ended too
 * early, and the truncated object would look whole. Throws ClaimcheckError.
 */
export const putBytes = async (url: string, bytes: Blob, options: PutOptions): Promise<void> => {
  const put = 'XMLHttpRequest' in globalThis ? putByXhr : putByFetch;
  const { contentMd5 } = await loadMd5();
  const headers = { ...options.headers, 'content-md5': await contentMd5(bytes, options.signal) };
  const answer = await put(url, bytes, { ...options, headers });
  if ((answer.status >= 200 && answer.status < 300) || answer.status === EXISTS) {
    options.onProgress(bytes.size);
    return;
  }
  const { code, detail } = errorOfAnswer(answer.status, '');
  // The store's limit applies to the file, not to one request of it.
  throw new ClaimcheckError(
    code === 'request_too_large' ? 'too_large' : code,
    `The storage refused the bytes (${answer.status}).`,
    {
      status: answer.status,
      retryable: isPassing(answer),
      detail,
    },
  );
};

const loadMd5 = async () => {
  try {
    return await import('./content-md5.ts');
  } catch (error) {
    throw networkError(error);
  }
};

const unreachable = (url: string, cause?: unknown): ClaimcheckError =>
  new ClaimcheckError(
    'storage_unreachable',
    'The storage cannot be reached.',
    {
      retryable: true,
      detail: `No answer from ${new URL(url).origin}. Is it the api's S3_PUBLIC_ENDPOINT, do the bucket's CORS rules allow PUT, and does the page's Content-Security-Policy allow to connect to it?`,
    },
    { cause },
  );

/** Uses XMLHttpRequest, because only it reports the progress of a request. */
const putByXhr = (
  url: string,
  bytes: Blob,
  { headers, signal, onProgress }: PutOptions,
): Promise<StorageAnswer> =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open('PUT', url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => resolve({ status: request.status, text: request.responseText });
    request.onerror = () => reject(unreachable(url));
    request.onabort = () => reject(cancelledError());
    request.onloadend = () => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort);
    request.send(bytes);
    if (signal.aborted) abort();
  });

const putByFetch = async (
  url: string,
  bytes: Blob,
  { headers, signal }: PutOptions,
): Promise<StorageAnswer> => {
  try {
    const response = await fetch(url, { method: 'PUT', headers, body: bytes, signal });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw signal.aborted ? cancelledError() : unreachable(url, error);
  }
};
