import { expect, test } from 'vitest';
import { kindOf } from './media-kind.ts';

test.each([
  ['image/jpeg', 'image'],
  ['image/heic', 'image'],
  ['image/bmp', 'image'],
  ['image/x-icon', 'image'],
  ['image/jxl', 'image'],
  ['IMAGE/PNG; charset=binary', 'image'],
  ['image/vnd.adobe.photoshop', 'other'],
  ['image/x-adobe-dng', 'other'],
  ['image/jp2', 'other'],
  ['image/svg+xml', 'document'],
  ['video/quicktime', 'video'],
  ['video/x-ms-asf', 'video'],
  ['application/ogg', 'video'],
  ['audio/mpeg', 'audio'],
  ['audio/ogg; codecs=opus', 'audio'],
  ['application/pdf', 'document'],
  ['text/plain', 'document'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'document'],
  ['application/zip', 'other'],
  ['', 'other'],
])('%s is %s', (contentType, kind) => {
  expect(kindOf(contentType)).toBe(kind);
});
