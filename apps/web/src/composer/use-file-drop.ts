import { useEffect, useEffectEvent, useState } from 'react';

/** Accepts files anywhere on the page: if a drop missed a small target, the browser would leave the chat. */
export const useFileDrop = (onFiles: (files: Iterable<File>) => void): boolean => {
  const [isDragging, setDragging] = useState(false);
  const receive = useEffectEvent(onFiles);

  useEffect(() => {
    const listeners = new AbortController();
    const listen = (type: 'dragover' | 'dragleave' | 'drop', handle: (event: DragEvent) => void) =>
      window.addEventListener(type, handle, { signal: listeners.signal });
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;

    listen('dragover', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setDragging(true);
    });
    listen('dragleave', (event) => {
      // A drag that leaves the window has no element as its target.
      if (event.relatedTarget === null) setDragging(false);
    });
    listen('drop', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setDragging(false);
      receive(event.dataTransfer?.files ?? []);
    });
    return () => listeners.abort();
  }, []);

  return isDragging;
};
