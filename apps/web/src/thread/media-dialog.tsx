import { type ComponentType, useEffect, useState } from 'react';
import type { MediaPanelProps } from '../gallery/media-panel.tsx';
import { Modal } from '../ui/modal.tsx';

/** Loads the panel when a user first opens it: the page starts without it. */
export const MediaDialog = (props: MediaPanelProps) => {
  const [Panel, setPanel] = useState<ComponentType<MediaPanelProps>>();
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    import('../gallery/media-panel.tsx').then(
      ({ MediaPanel }) => setPanel(() => MediaPanel),
      () => setFailed(true),
    );
  }, []);
  if (Panel) return <Panel {...props} />;
  return (
    <Modal title="Media" closeLabel="Close" onClose={props.onClose}>
      <p role="status">{hasFailed ? 'This part of the page could not be loaded.' : 'Loading…'}</p>
    </Modal>
  );
};
