import type { SinkObject } from './sink-objects.ts';

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>';

export const errorXml = (code: string): string => `${HEAD}<Error><Code>${code}</Code></Error>`;

export const openedXml = (key: string, uploadId: string): string =>
  `${HEAD}<InitiateMultipartUploadResult><Key>${key}</Key><UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`;

export const completedXml = (key: string, etag: string): string =>
  `${HEAD}<CompleteMultipartUploadResult><Key>${key}</Key><ETag>${etag}</ETag></CompleteMultipartUploadResult>`;

export const deletedXml = (): string => `${HEAD}<DeleteResult></DeleteResult>`;

export const objectsXml = (objects: [key: string, object: SinkObject][]): string => {
  const contents = objects.map(
    ([key, { etag, size_bytes }]) =>
      `<Contents><Key>${key}</Key><ETag>${etag}</ETag><Size>${size_bytes}</Size></Contents>`,
  );
  return `${HEAD}<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>${objects.length}</KeyCount>${contents.join('')}</ListBucketResult>`;
};

export const partsXml = (uploadId: string, parts: Map<number, SinkObject>): string => {
  const list = [...parts].map(
    ([number, { etag, size_bytes }]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag><Size>${size_bytes}</Size></Part>`,
  );
  return `${HEAD}<ListPartsResult><UploadId>${uploadId}</UploadId><IsTruncated>false</IsTruncated>${list.join('')}</ListPartsResult>`;
};

/** The keys that a DeleteObjects body names. */
export const keysToDelete = (xml: string): string[] =>
  [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key);
