export interface DownloadToSign {
  key: string;
  /** The bucket that holds it; by default the one for new objects. */
  bucket?: string | undefined;
  /** How long from `signed_at` the URL is meant to live. */
  seconds: number;
  signed_at: Date;
  content_type: string;
  content_disposition: string;
  cache_control?: string | undefined;
}

export interface SignedDownload {
  url: string;
  /** Milliseconds since 1970; sooner than asked for when the signer's own credentials end sooner. */
  expires_at: number;
}

/** Signs URLs with which clients GET objects past this process. The same arguments give the same URL. */
export interface DownloadSigner {
  sign(download: DownloadToSign): Promise<SignedDownload>;
}

/** When a URL is meant to end. */
export const intendedEnd = ({ signed_at, seconds }: DownloadToSign): number =>
  signed_at.getTime() + seconds * 1_000;

/** The object's address at a CDN, with the headers that S3 is to answer, as GetObject's parameters. */
export const cdnAddress = (base: string, download: DownloadToSign): URL => {
  const url = new URL(`${base}/${download.key}`);
  url.searchParams.set('response-content-type', download.content_type);
  url.searchParams.set('response-content-disposition', download.content_disposition);
  if (download.cache_control !== undefined)
    url.searchParams.set('response-cache-control', download.cache_control);
  return url;
};
