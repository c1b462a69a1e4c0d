// The page's script: an upload with Uppy, which resumes by itself when the page was left during an earlier one.
import Uppy from '@uppy/core';
import Tus from '@uppy/tus';
import { METADATA, noteResumption, RETRY_DELAYS } from './page-upload.ts';

window.startUpload = (file, task) => {
  window.report = { sent: 0, resumedAt: 0 };
  const uppy = new Uppy({ autoProceed: true });
  uppy.use(Tus, {
    endpoint: task.endpoint,
    headers: { authorization: `Bearer ${task.token}` },
    // Without this, Uppy sends all its metadata of the file, under keys that the server refuses.
    retryDelays: RETRY_DELAYS,
    onAfterResponse: noteResumption,
  });
  uppy.on('upload-progress', (_, { bytesUploaded }) => {
    if (typeof bytesUploaded === 'number') window.report.sent = bytesUploaded;
  });
  uppy.on('upload-error', (_, error) => {
    window.report.error = error.message;
  });
  uppy.on('upload-success', (_, { uploadURL }) => {
    if (uploadURL !== undefined) window.report.url = uploadURL;
  });
  uppy.addFile({ name: file.name, type: METADATA.filetype, data: file, meta: METADATA });
};
