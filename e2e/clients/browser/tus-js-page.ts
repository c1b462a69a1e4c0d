// The page's script: an upload with tus-js-client, resumed when the page was left during an earlier one.
import { Upload } from 'tus-js-client';
import { METADATA, noteResumption, RETRY_DELAYS } from './page-upload.ts';

window.startUpload = (file, task) => {
  window.report = { sent: 0, resumedAt: 0 };
  const upload = new Upload(file, {
    endpoint: task.endpoint,
    headers: { authorization: `Bearer ${task.token}` },
    metadata: METADATA,
    parallelUploads: task.parallelUploads ?? 1,
    retryDelays: RETRY_DELAYS,
    onAfterResponse: noteResumption,
    onProgress: (sent) => {
      window.report.sent = sent;
    },
    onError: (error) => {
      window.report.error = error.message;
    },
    onSuccess: () => {
      if (upload.url !== null) window.report.url = upload.url;
    },
  });
  void upload.findPreviousUploads().then(([previous]) => {
    if (previous !== undefined) upload.resumeFromPreviousUpload(previous);
    upload.start();
  });
};
