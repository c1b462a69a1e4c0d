/** A test's order for the client in the page. */
export interface PageTask {
  endpoint: string;
  token: string;
  /** 1 unless set. */
  parallelUploads?: number;
}

/** The client's progress in the page. */
export interface PageReport {
  sent: number;
  /** The offset that the server returned when the client asked for it; summed over all parts. */
  resumedAt: number;
  url?: string;
  error?: string;
}

declare global {
  interface Window {
    /** Defined by the page's script. */
    startUpload(file: File, task: PageTask): void;
    report: PageReport;
  }
}

export const METADATA = { filename: 'random.bin', filetype: 'application/octet-stream' };
export const RETRY_DELAYS = [100, 200, 400, 1_000, 1_000];

interface Asked {
  getMethod(): string;
}
interface Answered {
  getStatus(): number;
  getHeader(name: string): string | undefined;
}

/** For tus-js-client's `onAfterResponse`, which Uppy passes on. */
export const noteResumption = (request: Asked, response: Answered): void => {
  if (request.getMethod() === 'HEAD' && response.getStatus() === 200)
    window.report.resumedAt += Number(response.getHeader('Upload-Offset'));
};
