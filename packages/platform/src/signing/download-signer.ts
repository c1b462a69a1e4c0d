export interface DownloadToSign {
  key: string;
  /** The bucket of the object; by default the one for new objects. */
  bucket?: string | undefined;
  /** Intended life of the URL, from `signed_at`. */
  seconds: number;
  signed_at: Date;
  content_type: string;
  content_disposition: string;
  cache_control?: string | undefined;
}

export interface SignedDownload {
  url: string;
  /** Milliseconds since 1970; earlier than requested if the signer's own credentials expire earlier. */
  expires_at: number;
}

/** Signs URLs with which clients GET objects without this process. The same arguments give the same URL. */
export interface DownloadSigner {
  sign(download: DownloadToSign): Promise<SignedDownload>;
}

/** Returns the intended end of a URL. */
export const intendedEnd = ({ signed_at, seconds }: DownloadToSign): number =>
  signed_at.getTime() + seconds * 1_000;

/** Returns the object's address at a CDN, with the response headers of S3 as GetObject's parameters. */
export const cdnAddress = (base: string, download: DownloadToSign): URL => {
  const url = new URL(`${base}/${download.key}`);
  url.searchParams.set('response-content-type', download.content_type);
  url.searchParams.set('response-content-disposition', download.content_disposition);
  if (download.cache_control !== undefined)
    url.searchParams.set('response-cache-control', download.cache_control);
  return url;
};
